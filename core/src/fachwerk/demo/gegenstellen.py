"""The other sides of the demo in one process: PROSOZ by SOAP and by folder, COM Vibilia, LÄMMkom, a virus scanner.

``python -m fachwerk.demo.gegenstellen ORDNER`` serves until it is told to stop. When it is ready it leaves
``gegenstellen.json`` in the folder: the address of the scanner and the keys of the Ziel that reaches the SOAP service.
What COM Vibilia and LÄMMkom take is kept below ``uebernommen``, one folder per hand-over, so that it can be counted.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.haltesignal import Haltesignal

if TYPE_CHECKING:
    from fachwerk_comvibilia.simulator import ComVibilia

DATEI = "gegenstellen.json"
PROSOZ_SOAP, PROSOZ_ORDNER = "prosoz-nw", "prosoz-mv"
COMVIBILIA, LAEMMKOM = "comvibilia", "laemmkom"
UEBERNOMMEN = "uebernommen"
_TAKT_S = 0.1


def com_vibilia(ordner: Path) -> ComVibilia:
    """COM Vibilia in ``ordner``; its Laufzettel confirm that a message was sent, and no more."""
    from fachwerk_comvibilia.simulator import ComVibilia, Temperament

    return ComVibilia(ordner / COMVIBILIA, temperament=Temperament(quittung="angenommen"))


def _laemmkom(ordner: Path) -> ComVibilia:
    """LÄMMkom as the invented layout of its plugin assumes it: takes cases and confirms that it has them."""
    from fachwerk_comvibilia.simulator import ComVibilia
    from fachwerk_laemmerzahl.mapping import layout

    gegenstelle = ComVibilia(ordner / LAEMMKOM, layout("", ordner))
    gegenstelle.export.rmdir()  # it sends nothing
    return gegenstelle


class Gegenstellen:
    """All of them on ``ordner``; a round takes what was handed over and gives receipts."""

    def __init__(self, ordner: Path) -> None:
        from fachwerk_prosoz.simulator import OrdnerSimulator

        self._prosoz = OrdnerSimulator(ordner / PROSOZ_ORDNER)
        self._post = [com_vibilia(ordner), _laemmkom(ordner)]
        self._gesehen = [0, 0]

    def runde(self) -> None:
        """Once; a hand-over is kept before anybody else can see that it was taken."""
        self._prosoz.runde()
        for nummer, gegenstelle in enumerate(self._post):
            gegenstelle.hole_ab()
            for eine in gegenstelle.uebergeben[self._gesehen[nummer] :]:
                self._gesehen[nummer] += 1
                _bewahre_auf(gegenstelle.ordner / UEBERNOMMEN, self._gesehen[nummer], eine.name, eine.dateien)
                gegenstelle.quittiere(eine.kennung)


def _bewahre_auf(ordner: Path, nummer: int, name: str, dateien: dict[str, bytes]) -> None:
    """A folder of its own for every hand-over, also for the second one of the same name."""
    fertig = ordner / f"{nummer:03d}_{name}"
    neu = ordner / f".neu-{nummer:03d}"
    for pfad, inhalt in dateien.items():
        ziel = neu / pfad.removeprefix(f"{name}/")
        ziel.parent.mkdir(parents=True, exist_ok=True)
        ziel.write_bytes(inhalt)
    os.replace(neu, fertig)


def main() -> None:
    """Serve until SIGTERM."""
    from fachwerk.testkit.clamd import FalscherClamd
    from fachwerk_prosoz.simulator import SoapSimulator

    ordner, ende = Path(sys.argv[1]).resolve(), Haltesignal.horche()
    with ExitStack() as dienste:
        clamd = dienste.enter_context(FalscherClamd())
        soap = dienste.enter_context(SoapSimulator(ordner / PROSOZ_SOAP))
        gegenstellen = Gegenstellen(ordner)
        stand = {"clamd": clamd.adresse, "prosoz_url": soap.url}
        neu = ordner / f"{DATEI}.neu"
        neu.write_text(json.dumps(stand, indent=1), encoding="utf-8")
        os.replace(neu, ordner / DATEI)
        while not ende.warte(_TAKT_S):
            gegenstellen.runde()


if __name__ == "__main__":
    main()
