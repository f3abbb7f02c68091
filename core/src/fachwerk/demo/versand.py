"""What the world outside does in the demo.

The Sozialplattform sends: createMessageId, sendMessage with MTOM, over mutual TLS; one mailbox is an OSCI one, which
COM Vibilia empties into its export folder. The other office fetches what was sent on to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fachwerk.demo.beispiele import Beispiel
from fachwerk.modell import Teil
from fachwerk.transport import Verbindung, oeffne

if TYPE_CHECKING:
    from fachwerk_comvibilia.simulator import ComVibilia
    from fachwerk_generic_xta.client import XtaClient

ABSENDER = "sop:050000100099"
BUCH = "gesendet.json"


@dataclass(frozen=True)
class Gesendet:
    """A message as sent and the XTA id it got."""

    beispiel: Beispiel
    nachricht_id: str


@contextmanager
def plattform(
    urls: dict[str, str], pki: Path, konto: str = "sozialplattform", kennung: str = ABSENDER
) -> Iterator[XtaClient]:
    """An XTA client with the certificate of ``konto``, acting as ``kennung``."""
    from fachwerk_generic_xta.client import Adressen, XtaClient
    from fachwerk_generic_xta.nachricht import Partei

    verbindung = Verbindung(zertifikat=pki / f"{konto}.crt", privatschluessel=pki / f"{konto}.key", ca=pki / "ca.crt")
    adressen = Adressen(verwaltung=urls["management"], postfach=urls["msgbox"], versand=urls["send"])
    http = oeffne(verbindung)
    try:
        yield XtaClient(adressen, Partei(kennung, kategorie="Sozialportal" if kennung == ABSENDER else ""), http)
    finally:
        http.close()


def sende(client: XtaClient, beispiel: Beispiel) -> Gesendet:
    """One message into the mailbox; returns it with its id."""
    from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei

    nachricht_id = client.new_id()
    metadaten = Metadaten(
        nachricht_id=nachricht_id,
        autor=Partei(ABSENDER, kategorie="Sozialportal"),
        leser=Partei(beispiel.leser),
        szenario=Listenwert("XSOZIALES_BASIS"),
        nachrichtentyp=Listenwert("vorgang.transportieren.1000001", "urn:de:payloadSchema:elementName", "1.0"),
        payload_schema="urn:xoev-de:d-nrw:standard:xsozialbasis",
        test=beispiel.test,
    )
    client.send(metadaten, list(_teile(beispiel)))
    return Gesendet(beispiel, nachricht_id)


def _teile(beispiel: Beispiel) -> Iterator[Teil]:
    yield _teil("xsozial.xml", "application/xml", beispiel.xml)
    for anhang in beispiel.anhaenge:
        yield _teil(anhang.name, anhang.medientyp, anhang.inhalt)


def _teil(name: str, medientyp: str, inhalt: bytes) -> Teil:
    return Teil.entwurf(name, medientyp, lambda: [inhalt])


def lege_ab(osci: ComVibilia, beispiel: Beispiel, nummer: int) -> Gesendet:
    """One message into the export folder of COM Vibilia, under an id of its own in the metadata."""
    from fachwerk_comvibilia.simulator import Nachricht

    nachricht_id = f"osci:{uuid4()}"
    anlagen = [(anhang.name, anhang.inhalt) for anhang in beispiel.anhaenge]
    osci.lege_ab(Nachricht(beispiel.xml, anlagen, nachricht_id, f"nachricht-{nummer:05d}", beispiel.test))
    return Gesendet(beispiel, nachricht_id)


def schreibe_buch(ordner: Path, gesendet: Sequence[Gesendet]) -> None:
    """What was sent and where it has to arrive, for whoever counts afterwards."""
    schreibe_zeilen(ordner, [zeile(eine) for eine in gesendet])


def zeile(eine: Gesendet) -> dict[str, Any]:
    """One line of the book: hashes, no content."""
    return {
        "nachricht_id": eine.nachricht_id,
        "weg": "osci" if eine.beispiel.per_osci else "xta",
        "zeigt": eine.beispiel.zeigt,
        "ziel": eine.beispiel.ziel,
        "teile": [hashlib.sha256(teil).hexdigest() for teil in (eine.beispiel.xml, *_inhalte(eine.beispiel))],
    }


def schreibe_zeilen(ordner: Path, zeilen: Sequence[dict[str, Any]]) -> None:
    """The book, there whole or not at all."""
    neu = ordner / f"{BUCH}.neu"
    neu.write_text(json.dumps(zeilen, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(neu, ordner / BUCH)


def _inhalte(beispiel: Beispiel) -> list[bytes]:
    return [anhang.inhalt for anhang in beispiel.anhaenge]


def hole_ab(client: XtaClient, ordner: Path) -> int:
    """The other office fetches everything that waits for it into ``ordner`` and closes it; how many messages."""
    from fachwerk_generic_xta.ablage import Ordnerablage

    eintraege = client.list()
    for eintrag in eintraege.eintraege:
        fertig = ordner / eintrag.nachricht_id.rpartition(":")[2]
        neu = fertig.with_name(f".neu-{fertig.name}")
        shutil.rmtree(neu, ignore_errors=True)
        neu.mkdir(parents=True)
        ablage = Ordnerablage(neu)
        abholung = client.fetch(eintrag.nachricht_id, ablage)
        for nummer, teil in enumerate(abholung.teile):
            endung = ".pdf" if teil.medientyp == "application/pdf" else ""
            ablage.pfad(teil).rename(neu / ("nachricht.xml" if nummer == 0 else f"anlage_{nummer:02d}{endung}"))
        os.replace(neu, fertig)
        client.close([eintrag.nachricht_id], abholung.anfrage_id or eintraege.anfrage_id)
    return len(eintraege.eintraege)
