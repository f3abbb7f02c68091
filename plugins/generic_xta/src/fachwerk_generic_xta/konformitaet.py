"""The contract tests of this plugin: a Kanal that reads a mailbox, and a Ziel that sends into one.

``fachwerk konformitaet generic_xta`` runs them and writes the sheet. The other side is the simulator, which runs once
for each class and is emptied for each test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

import fachwerk_generic_xta
from fachwerk.modell import Teil
from fachwerk.testkit import AdapterContract, KanalContract, Kanalstelle, Zielstelle
from fachwerk.testkit.gegenstelle import Ankunft, Datei
from fachwerk.testkit.wirt import FakeHost
from fachwerk.transport import Verbindung, oeffne
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.nachricht import Metadaten, Partei
from fachwerk_generic_xta.settings import Zieleinstellungen
from fachwerk_generic_xta.simulator import Einstellungen as Serververhalten
from fachwerk_generic_xta.simulator import XtaSimulator

AMT, KREIS = "wbs:130030000000", "wgb:130730000000"
KONTEN = {"konten": {"amt": {"kennungen": [AMT]}, "kreis": {"kennungen": [KREIS]}}}
ABSENDER: dict[str, Any] = {
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


class Postamt:
    """A running server with two accounts: ``amt`` sends, ``kreis`` reads."""

    def __init__(self, ordner: Path) -> None:
        self.ordner = ordner
        self.zeit = datetime.now(UTC)
        self.simulator = XtaSimulator(ordner, KONTEN, einstellungen=Serververhalten(streng=True))
        self._inhalt = FakeHost(ordner=ordner).inhalt
        self._offen: list[httpx.Client] = []

    def __enter__(self) -> Postamt:
        self.simulator.start()
        self.amt, self.kreis = self._client("amt", AMT), self._client("kreis", KREIS)
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._offen:
            client.close()
        self.simulator.stop()

    def _client(self, konto: str, kennung: str) -> XtaClient:
        zugang, urls = self.simulator.zugang(konto), self.simulator.urls
        verbindung = Verbindung(zertifikat=zugang.zertifikat, privatschluessel=zugang.privatschluessel, ca=zugang.ca)
        self._offen.append(oeffne(verbindung))
        return XtaClient(Adressen(urls["management"], urls["msgbox"], urls["send"]), Partei(kennung), self._offen[-1])

    def schluessel(self, konto: str, *urls: str) -> dict[str, str]:
        """The keys every section needs: addresses and certificates, relative to the folder."""
        adressen = {f"{url}_url": self.simulator.urls[url] for url in urls}
        dateien = {"zertifikat": f"pki/{konto}.crt", "privatschluessel": f"pki/{konto}.key", "ca": "pki/ca.crt"}
        return adressen | dateien

    def wartend(self) -> list[Metadaten]:
        """What lies in the mailbox of ``kreis``."""
        return list(self.kreis.list(100).eintraege)

    def angekommen(self) -> list[Ankunft]:
        """Every message in the mailbox, its parts by their position (names may repeat)."""
        abholungen = [self.kreis.fetch(eintrag.nachricht_id, self._inhalt) for eintrag in self.wartend()]
        return [{str(n): b"".join(t.bytes_strom()) for n, t in enumerate(a.teile)} for a in abholungen]

    def leere(self) -> None:
        """Close whatever waits."""
        for eintrag in self.wartend():
            self.kreis.close([eintrag.nachricht_id], self.kreis.list(1).anfrage_id)

    def lege_hin(self, dateien: Sequence[Datei]) -> None:
        """One message from ``amt`` into the mailbox of ``kreis``."""
        werte = Zieleinstellungen.model_validate(self.schluessel("amt", "management", "send") | ABSENDER)
        kopf = Metadaten(
            nachricht_id=self.amt.new_id(),
            autor=Partei(AMT),
            leser=werte.empfaenger.partei,
            dienst=werte.dienst,
            szenario=werte.szenario.wert,
            nachrichtentyp=werte.nachrichtentyp.wert,
            payload_schema=werte.nachrichtentyp.payload_schema,
        )
        self.amt.send(kopf, [Teil.entwurf(name, typ, partial(list, [inhalt])) for name, typ, inhalt in dateien])


class _ImPostamt:
    """One server for all tests of a class."""

    post: ClassVar[Postamt]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def geoeffnet(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """The server of the class."""
        with Postamt(tmp_path_factory.mktemp("xta")) as cls.post:
            yield


class TestGenericXta(_ImPostamt, AdapterContract):
    """As Ziel."""

    plugin = fachwerk_generic_xta
    titel = "Versand an eine andere Stelle"
    gegen = "den XTA-Simulator dieses Plugins über gegenseitig geprüftes TLS, kein echtes Postfach"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """The empty mailbox of the receiver."""
        self.post.leere()
        werte = self.post.schluessel("amt", "management", "send") | ABSENDER
        yield Zielstelle(werte, self.post.angekommen, wurzel=self.post.ordner, zeit=self.post.zeit)


class TestGenericXtaKanal(_ImPostamt, KanalContract):
    """As Kanal."""

    plugin = fachwerk_generic_xta
    titel = "Postfach"
    gegen = "den XTA-Simulator dieses Plugins über gegenseitig geprüftes TLS, kein echtes Postfach"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Kanalstelle]:
        """The empty mailbox."""
        self.post.leere()
        yield Kanalstelle(
            self.post.schluessel("kreis", "management", "msgbox"),
            self.post.lege_hin,
            lambda: len(self.post.wartend()),
            wurzel=self.post.ordner,
            kanal={"kennung": KREIS},
            zeit=self.post.zeit,
        )
