"""Carries TCP from here to there: ``python netz_bruecke.py RECHNER:PORT=RECHNER:PORT …``, until its input ends.

For processes in a network namespace of their own, whose loopback nobody else has.
"""

from __future__ import annotations

import socket
import sys
import threading


def trage(von: socket.socket, nach: socket.socket) -> None:
    """One direction, to its end."""
    try:
        while daten := von.recv(65536):
            nach.sendall(daten)
        nach.shutdown(socket.SHUT_WR)
    except OSError:
        von.close()
        nach.close()


def nimm_an(lauscher: socket.socket, ziel: tuple[str, int]) -> None:
    """Connect on whoever comes."""
    while True:
        client, _ = lauscher.accept()
        try:
            server = socket.create_connection(ziel, 10)
        except OSError:
            client.close()
            continue
        server.settimeout(None)
        for von, nach in ((client, server), (server, client)):
            threading.Thread(target=trage, args=(von, nach), daemon=True).start()


def adresse(text: str) -> tuple[str, int]:
    rechner, _, port = text.rpartition(":")
    return rechner, int(port)


def main(*wege: str) -> None:
    for weg in wege:
        hier, _, dort = weg.partition("=")
        lauscher = socket.create_server(adresse(hier))
        threading.Thread(target=nimm_an, args=(lauscher, adresse(dort)), daemon=True).start()
    sys.stdout.write("bereit\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
