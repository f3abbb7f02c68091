"""A site as a municipality sets it up: ``standort.py FACHWERK ORDNER`` makes one and wants a green preflight.

Nothing is left out that a preflight asks for: a mailbox that can be reached, folders, a virus scanner and a mail server
that answer (stand-ins on loopback). What is left to say then is said as a hint. A case has to come through as well.
"""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

from fachwerk.testkit.clamd import FalscherClamd

KONFIGURATION = """
[fachwerk]
land = "mv"
betreiber = "Hansestadt Musterow"
plugins = ["xsozial_basis", "wbs", "wbs_mv", "mietrueckstaende"]

[kanal.post]
plugin = "comvibilia"
verzeichnis = "vibilia/export"

[ziel.akte]
plugin = "aktenablage"
verzeichnis = "akte"

[[route]]
leistung = "*"
ziel = "akte"

[klaerung]
ziel = "akte"

[virenpruefung]
art = "clamd"
adresse = "{clamd}"

[alarm]
mail = ["it@musterow.example"]
absender = "fachwerk@musterow.example"
smtp = "127.0.0.1:{smtp}"
smtp_verschluesselung = "keine"
"""


class Mailserver(socketserver.StreamRequestHandler):
    """Takes every mail and keeps none."""

    def handle(self) -> None:
        """Say yes to everything."""
        self.wfile.write(b"220 stumm\r\n")
        inhalt = False
        for zeile in self.rfile:
            befehl = zeile.strip().upper()
            if inhalt and befehl != b".":
                continue
            inhalt = not inhalt and befehl == b"DATA"
            self.wfile.write(b"354 weiter\r\n" if inhalt else b"221 ende\r\n" if befehl == b"QUIT" else b"250 gut\r\n")


def main(fachwerk: str, ordner: Path) -> int:
    """Set up, look, work, look again: twice green, one case delivered."""

    def rufe(*argumente: str, konfig: bool = True) -> str:
        befehl = [fachwerk, *(["--konfig", str(ordner / "fachwerk.toml")] if konfig else []), *argumente]
        print("$ fachwerk", *argumente, flush=True)
        lauf = subprocess.run(befehl, capture_output=True, text=True, cwd=ordner.parent)  # noqa: S603
        if lauf.returncode:
            print(f"{lauf.stdout}{lauf.stderr}Exitcode {lauf.returncode}")
            sys.exit(1)
        return lauf.stdout

    rufe("init", str(ordner), konfig=False)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailserver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with FalscherClamd() as clamd:
        text = KONFIGURATION.format(clamd=clamd.adresse, smtp=server.server_address[1])
        (ordner / "fachwerk.toml").write_text(text, encoding="utf-8")
        for name in ("vibilia/export", "akte"):
            (ordner / name).mkdir(parents=True)
        print(rufe("check"))
        rufe("x", "xsozial-basis", "erzeuge", "--leistung", "wbs", "--ordner", str(ordner / "neu"), konfig=False)
        nachricht, *anlagen = sorted((ordner / "neu").iterdir(), key=lambda pfad: pfad.suffix != ".xml")
        ablegen = ["simulator", "comvibilia", "--ordner", str(ordner / "vibilia"), "ablegen", str(nachricht)]
        rufe(*ablegen, *map(str, anlagen), konfig=False)
        rufe("poll")
        print(rufe("check"))
        [fall] = json.loads(rufe("vorgang", "list", "--json"))
        akten = [pfad for pfad in (ordner / "akte").iterdir() if pfad.is_dir()]
        return 0 if fall["status"] == "done" and len(akten) == 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve()))
