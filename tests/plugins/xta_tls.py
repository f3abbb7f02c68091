"""Servers and certificates that are not what a client expects, for tests of what is said about them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fachwerk_generic_xta.simulator.pki import neue_ca, neues_zertifikat, schreibe_ausweis

JETZT = datetime.now(UTC)


def fremde_ca(ordner: Path, name: str = "Amt fuer Andere, CA 7") -> None:
    ca = neue_ca(name, JETZT - timedelta(days=90), JETZT + timedelta(days=90))
    schreibe_ausweis(ordner / "pki", "fremd", ca)
    ausweis = neues_zertifikat("leser", JETZT - timedelta(days=9), JETZT + timedelta(days=90), ca=ca)
    schreibe_ausweis(ordner / "pki", "fremder", ausweis)


@contextmanager
def server_mit(
    ordner: Path,
    pki: Path,
    ca: Any,
    namen: list[str],
    zeit: tuple[datetime, datetime] | None = None,
    ca_datei: str = "",
) -> Iterator[dict[str, Any]]:
    """Another server whose certificate is made by ``ca`` for ``namen``; the settings that lead there."""
    von, bis = zeit or (JETZT - timedelta(hours=1), JETZT + timedelta(days=1))
    kontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pki.mkdir(parents=True)
    schreibe_ausweis(pki, "ca", ca)
    ausweis = neues_zertifikat("server", von, bis, ca=ca, servernamen=namen)
    kontext.load_cert_chain(*schreibe_ausweis(pki, "server", ausweis))
    with Tlsserver(kontext) as url:
        ca_datei = ca_datei or str((pki / "ca.crt").relative_to(ordner))
        yield {"management_url": url, "msgbox_url": url, "send_url": url, "ca": ca_datei}


class Tlsserver:
    """Shakes hands and hangs up: all that is needed where the client does not trust what it sees."""

    def __init__(self, kontext: ssl.SSLContext) -> None:
        self._kontext = kontext
        self._lauscher = socket.create_server(("127.0.0.1", 0))
        self._faden = threading.Thread(target=self._gehe)

    def _gehe(self) -> None:
        while True:
            try:
                leitung, _ = self._lauscher.accept()
            except OSError:
                return
            with leitung:
                try:
                    self._kontext.wrap_socket(leitung, server_side=True).close()
                except OSError:
                    continue

    def __enter__(self) -> str:
        self._faden.start()
        return f"https://127.0.0.1:{self._lauscher.getsockname()[1]}/Port"

    def __exit__(self, *_: object) -> None:
        self._lauscher.shutdown(socket.SHUT_RDWR)
        self._lauscher.close()
        self._faden.join()
