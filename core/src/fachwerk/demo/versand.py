"""Sends the demo's messages as the Sozialplattform would: createMessageId, sendMessage with MTOM, over mutual TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.demo.beispiele import Beispiel
from fachwerk.modell import Teil
from fachwerk.transport import Verbindung, oeffne

if TYPE_CHECKING:
    from fachwerk_generic_xta.client import XtaClient

ABSENDER = "sop:050000100099"


@dataclass(frozen=True)
class Gesendet:
    """A message as sent and the XTA id it got."""

    beispiel: Beispiel
    nachricht_id: str


@contextmanager
def plattform(urls: dict[str, str], pki: Path, konto: str = "sozialplattform") -> Iterator[XtaClient]:
    """An XTA client with the certificate of ``konto``."""
    from fachwerk_generic_xta.client import Adressen, XtaClient
    from fachwerk_generic_xta.nachricht import Partei

    verbindung = Verbindung(zertifikat=pki / f"{konto}.crt", privatschluessel=pki / f"{konto}.key", ca=pki / "ca.crt")
    adressen = Adressen(verwaltung=urls["management"], postfach=urls["msgbox"], versand=urls["send"])
    http = oeffne(verbindung)
    try:
        yield XtaClient(adressen, Partei(ABSENDER, kategorie="Sozialportal"), http)
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
