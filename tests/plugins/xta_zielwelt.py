"""A running XTA server with a Ziel that sends from one account into the mailbox of another; for tests of the Ziel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

import fachwerk_generic_xta as plugin
from fachwerk.modell import Antrag, Empfehlung, Entscheidung, Quittung, Sendung, Teil, Ziel
from fachwerk.testkit.wirt import FakeHost
from fachwerk.transport import Verbindung, oeffne
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.nachricht import Metadaten, Partei
from fachwerk_generic_xta.settings import Zieleinstellungen
from fachwerk_generic_xta.simulator import Einstellungen as Serververhalten
from fachwerk_generic_xta.simulator import XtaSimulator

AMT, KREIS = "wbs:130030000000", "wgb:130730000000"
KONTEN = {"konten": {"amt": {"kennungen": [AMT]}, "kreis": {"kennungen": [KREIS]}}}
JETZT = datetime.now(UTC)
SCHLUESSEL = "v-1:kreis:1"
XML = b'<?xml version="1.0" encoding="ISO-8859-1"?>\r\n<a  b="1"><!-- \xe4 --></a>\n'
WERTE: dict[str, Any] = {
    "kennung": AMT,
    "empfaenger": {"kennung": KREIS, "kategorie": "Wohngeldbehörde", "name": "Kreis Musterow"},
    "dienst": "urn:test:dienst",
    "szenario": {"code": "TEST_DATA", "liste": "urn:de:xta:codeliste:business.scenario", "version": "3"},
    "nachrichtentyp": {
        "code": "vorgang.transportieren.1000001",
        "liste": "urn:de:payloadSchema:elementName",
        "version": "1.0",
        "payload_schema": "urn:test:schema",
    },
}


class Welt:
    """A running server, the Ziel of one account, and the mailbox of the other."""

    kennung_des_kanals = KREIS

    def __init__(self, ordner: Path) -> None:
        self.ordner = ordner
        self.simulator = XtaSimulator(ordner, KONTEN, einstellungen=Serververhalten(streng=True))
        self.clients: dict[Verbindung, httpx.Client] = {}

    def __enter__(self) -> Welt:
        self.simulator.start()
        self.host = FakeHost(ordner=self.ordner, zeit=JETZT, http_fabrik=self.http)
        self.ziel = self.ziel_mit()
        zugang = self.simulator.zugang("kreis")
        verbindung = Verbindung(zertifikat=zugang.zertifikat, privatschluessel=zugang.privatschluessel, ca=zugang.ca)
        urls = self.simulator.urls
        adressen = Adressen(urls["management"], urls["msgbox"], urls["send"])
        self.kreis = XtaClient(adressen, Partei(KREIS), self.http(verbindung))
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients.values():
            client.close()
        self.simulator.stop()

    def http(self, verbindung: Verbindung) -> httpx.Client:
        return self.clients.setdefault(verbindung, oeffne(verbindung))

    def ziel_mit(self, **werte: Any) -> Ziel:
        grund = {
            "management_url": self.simulator.urls["management"],
            "send_url": self.simulator.urls["send"],
            "zertifikat": "pki/amt.crt",
            "privatschluessel": "pki/amt.key",
            "ca": "pki/ca.crt",
        }
        einstellungen = Zieleinstellungen.model_validate(grund | WERTE | werte)
        return Ziel(name="kreis", plugin="generic_xta", einstellungen=einstellungen)

    def antrag(self, *anlagen: tuple[str, str, bytes], xml: bytes = XML, **angaben: Any) -> Antrag:
        original = self.host.inhalt.schreibe([xml], "antrag.xml", "text/xml", "Der Antrag")
        teile = tuple(self.host.inhalt.schreibe([inhalt], name, typ) for name, typ, inhalt in anlagen)
        return antrag(original, teile, **angaben)

    def sendung(self, *anlagen: tuple[str, str, bytes], **angaben: Any) -> Sendung:
        return rendere(self.antrag(*anlagen, **angaben), self.ziel)

    def liefere(self, sendung: Sendung | None = None, schluessel: str = SCHLUESSEL) -> Quittung:
        quittung: Quittung = plugin.deliver(sendung or self.sendung(), self.ziel, schluessel, self.host)
        return quittung

    def finde(self, schluessel: str = SCHLUESSEL) -> Quittung | None:
        gefunden: Quittung | None = plugin.find_delivered(self.ziel, schluessel, self.host)
        return gefunden

    def stoere(self, vorgang: str, **laune: Any) -> None:
        self.simulator.temperament.setze(vorgang, **laune)

    def im_postfach(self) -> list[Metadaten]:
        return list(self.kreis.list(100).eintraege)

    def angekommen(self) -> list[dict[str, bytes]]:
        """Every message in the mailbox, its parts by their position (names may repeat)."""
        kennungen = [eintrag.nachricht_id for eintrag in self.im_postfach()]
        abholungen = [self.kreis.fetch(kennung, self.host.inhalt) for kennung in kennungen]
        return [{str(n): b"".join(t.bytes_strom()) for n, t in enumerate(a.teile)} for a in abholungen]

    def lege_hin(self, dateien: Sequence[tuple[str, str, bytes]]) -> None:
        """One message from the first account into the mailbox of the other."""
        zugang = self.simulator.zugang("amt")
        verbindung = Verbindung(zertifikat=zugang.zertifikat, privatschluessel=zugang.privatschluessel, ca=zugang.ca)
        urls = self.simulator.urls
        amt = XtaClient(Adressen(urls["management"], urls["msgbox"], urls["send"]), Partei(AMT), self.http(verbindung))
        werte = self.ziel.einstellungen
        teile = [Teil.entwurf(name, typ, partial(list, [inhalt])) for name, typ, inhalt in dateien]
        kopf = Metadaten(
            nachricht_id=amt.new_id(),
            autor=Partei(AMT),
            leser=werte.empfaenger.partei,
            dienst=werte.dienst,
            szenario=werte.szenario.wert,
            nachrichtentyp=werte.nachrichtentyp.wert,
            payload_schema=werte.nachrichtentyp.payload_schema,
        )
        amt.send(kopf, teile)

    def kanal_einstellungen(self) -> dict[str, Any]:
        """The keys of a Kanal that reads the mailbox."""
        urls = self.simulator.urls
        schluessel = {"zertifikat": "pki/kreis.crt", "privatschluessel": "pki/kreis.key", "ca": "pki/ca.crt"}
        return {"management_url": urls["management"], "msgbox_url": urls["msgbox"], **schluessel}

    def die_nachricht(self) -> tuple[Metadaten, list[tuple[str, str, bytes]]]:
        (eintrag,) = self.im_postfach()
        abholung = self.kreis.fetch(eintrag.nachricht_id, self.host.inhalt)
        return eintrag, [(teil.name, teil.medientyp, b"".join(teil.bytes_strom())) for teil in abholung.teile]

    def schliesse(self) -> None:
        for eintrag in self.im_postfach():
            self.kreis.close([eintrag.nachricht_id], self.kreis.list(1).anfrage_id)

    @property
    def kennung(self) -> str:
        return self.host.notiz(SCHLUESSEL, "nachricht_id")


def antrag(original: Teil | None, anlagen: tuple[Teil, ...] = (), **angaben: Any) -> Antrag:
    grund: dict[str, Any] = {"leistung": "wbs", "nachrichten_uuid": "1a2b3c4d-0000-4000-8000-0123456789ab"}
    return Antrag(**grund | {"empfangen": JETZT, "original": original, "anlagen": anlagen} | angaben)


def rendere(antrag: Antrag, ziel: Ziel) -> Sendung:
    entscheidung = Entscheidung(empfehlung=Empfehlung.VORLEGEN, stichtag=date(2026, 3, 2))
    fertig: Sendung = plugin.render(antrag, entscheidung, ziel)
    return fertig
