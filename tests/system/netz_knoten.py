"""A node that is no more than its engine: it works on one queue, and its target writes down when what arrives.

``python netz_knoten.py URL PLATZ SCHLANGE JE_KNOTEN JE_MINUTE DAUER_S``; says ``bereit`` when it works, and ends
when its standard input does. The target's own log is the table ``ankunft``, in the time of the database.
"""

from __future__ import annotations

import sys
import threading

import sqlalchemy as sa

from fachwerk.datenbank import oeffne_datenbank
from fachwerk.engine import Engine, Schlange

TABELLE = (
    "CREATE TABLE ankunft (kennung text, platz text, abschnitt integer, "
    "beginn timestamptz DEFAULT clock_timestamp(), ende timestamptz)"
)
BEGINN = sa.text(
    "INSERT INTO ankunft (kennung, platz, abschnitt) SELECT :kennung, :platz, coalesce(max(nr), 1) FROM abschnitt"
)
ENDE = sa.text("UPDATE ankunft SET ende = clock_timestamp() WHERE kennung = :kennung")


def main(url: str, platz: str, schlange: str, je_knoten: str, je_minute: str, dauer_s: str) -> None:
    datenbank = oeffne_datenbank(url)

    def nimm_an(kennung: str) -> None:
        with datenbank.begin() as verbindung:
            verbindung.execute(BEGINN, {"kennung": kennung, "platz": platz})
        threading.Event().wait(float(dauer_s))
        with datenbank.begin() as verbindung:
            verbindung.execute(ENDE, {"kennung": kennung})

    grenzen = Schlange(schlange, int(je_knoten), int(je_minute))
    engine = Engine(datenbank, platz, {"nimm_an": nimm_an}, [grenzen], lambda *_: None)
    engine.starte()
    sys.stdout.write("bereit\n")
    sys.stdout.flush()
    sys.stdin.read()
    engine.stoppe(5)


if __name__ == "__main__":
    main(*sys.argv[1:])
