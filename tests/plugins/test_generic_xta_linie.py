"""The whole line: an application arrives in one mailbox, goes out to another, and its receipt follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import fachwerk_generic_xta as plugin
from fachwerk import alarm, eingriff
from fachwerk.modell import Eingang, Sendung, Teil, utc
from fachwerk.tabellen import quittung, zustellung
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk.transport import Verbindung, oeffne
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei, Teilangaben, TransportBericht
from fachwerk_generic_xta.simulator import Einstellungen as Serververhalten
from fachwerk_generic_xta.simulator import XtaSimulator

PORTAL, AMT, KREIS = "gae:portal", "wbs:130030000000", "wgb:130730000000"
KONTEN = {"konten": {k: {"kennungen": [v]} for k, v in (("portal", PORTAL), ("amt", AMT), ("kreis", KREIS))}}
DIENST = "urn:test:dienst"
SZENARIO, TYP = Listenwert("TEST", "urn:test:szenario", "1"), Listenwert("a.b.1", "urn:test:typ", "1")


class Strecke:
    """Portal → mailbox of the Amt → Fachwerk → mailbox of the Kreis, all accounts at one strict server."""

    def __init__(self, url: str, ordner: Path, zustand: str) -> None:
        self.simulator = XtaSimulator(ordner / "sim", KONTEN, einstellungen=Serververhalten(streng=True))
        self.simulator.start()
        self.offen: list[httpx.Client] = []
        self.portal, self.kreis = self.client("portal", PORTAL), self.client("kreis", KREIS)
        anschluss = {"plugin": "generic_xta", "management_url": self.simulator.urls["management"]} | self.ausweis("amt")
        ziel = anschluss | {
            "send_url": self.simulator.urls["send"],
            "kennung": AMT,
            "empfaenger": {"kennung": KREIS},
            "dienst": DIENST,
            "szenario": {"code": SZENARIO.code, "liste": SZENARIO.liste, "version": SZENARIO.version},
            "nachrichtentyp": {
                "code": "a.b.1",
                "liste": TYP.liste,
                "version": "1",
                "payload_schema": "urn:test:schema",
            },
        }
        self.welt = Welt(
            url,
            ordner / "welt",
            plugins={"generic_xta": plugin},
            kanal={"postfach": anschluss | {"msgbox_url": self.simulator.urls["msgbox"], "kennung": AMT}},
            ziel={"kreis": ziel},
            route=[{"leistung": "*", "ziel": "kreis", "zustand": zustand}],
        )

    def schliesse(self) -> None:
        self.welt.schliesse()
        for client in self.offen:
            client.close()
        self.simulator.stop()

    def ausweis(self, konto: str) -> dict[str, str]:
        zugang = self.simulator.zugang(konto)
        dateien = {"zertifikat": zugang.zertifikat, "privatschluessel": zugang.privatschluessel, "ca": zugang.ca}
        return {name: str(datei) for name, datei in dateien.items()}

    def client(self, konto: str, kennung: str) -> XtaClient:
        dateien = {name: Path(datei) for name, datei in self.ausweis(konto).items()}
        self.offen.append(oeffne(Verbindung(**dateien)))
        urls = self.simulator.urls
        return XtaClient(Adressen(urls["management"], urls["msgbox"], urls["send"]), Partei(kennung), self.offen[-1])

    def sende(self, uuid: str = "u-1", *, test: bool = False) -> None:
        """What the portal does: an application with an attachment that has an id of its own."""
        kopf = Metadaten(
            self.portal.new_id(),
            Partei(PORTAL),
            Partei(AMT),
            DIENST,
            SZENARIO,
            TYP,
            "urn:test:schema",
            test=test,
            erstellt=datetime.now(UTC),
        )
        xml = antrag_xml(uuid=uuid, leser=AMT)
        teile = [
            Teil.entwurf("antrag.xml", "text/xml", lambda: [xml]),
            Teil.entwurf("plan.pdf", "application/pdf", lambda: [b"%PDF", bytes(70_000)]),
        ]
        self.portal.send(kopf, teile, [Teilangaben(), Teilangaben(kennung="anhang-1", sprache="de")])

    def laufe(self, **vorher: float) -> Any:
        """Let time pass, poll, work; the only case."""
        if vorher:
            self.welt.vergehe(**vorher)
        self.welt.rufe_ab()
        self.welt.arbeite()
        return self.welt.der_vorgang()

    def stoere(self, vorgang: str, **laune: Any) -> None:
        self.simulator.temperament.setze(vorgang, **{"mal": 1} | laune)

    def im_kreis(self) -> list[Metadaten]:
        return list(self.kreis.list(100).eintraege)

    def hole_im_kreis(self) -> None:
        for eintrag in self.im_kreis():
            seite = self.kreis.list(1)
            self.kreis.fetch(eintrag.nachricht_id, SpeicherInhalt())
            self.kreis.close([eintrag.nachricht_id], seite.anfrage_id)

    def stufen(self) -> list[str]:
        return [zeile.stufe for zeile in self.welt.zeilen(quittung)]

    def frage_nach(self) -> None:
        """Let so much time pass that the next question about the delivery is due, and work."""
        faellig = self.welt.zeilen(zustellung)[0].frage_faellig
        assert faellig is not None
        self.welt.vergehe(seconds=max((utc(faellig) - datetime.now(UTC)).total_seconds(), 0) + 1)
        self.welt.arbeite()


@pytest.fixture
def strecke(sqlite_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Strecke]:
    strecke = Strecke(sqlite_url, tmp_path, getattr(request, "param", "live"))
    yield strecke
    strecke.schliesse()


def test_an_application_goes_from_mailbox_to_mailbox_as_it_came_and_its_receipt_becomes_green(strecke: Strecke) -> None:
    strecke.sende()
    assert strecke.laufe().status == "done"
    assert strecke.stufen() == ["uebergeben"]
    (eintrag,) = strecke.im_kreis()
    inhalt = SpeicherInhalt()
    abholung = strecke.kreis.fetch(eintrag.nachricht_id, inhalt)
    assert [(teil.name, teil.medientyp) for teil in abholung.teile] == [
        ("antrag.xml", "text/xml"),
        ("plan.pdf", "application/pdf"),
    ]
    gekommen = [b"".join(teil.bytes_strom()) for teil in abholung.teile]
    assert gekommen == [antrag_xml(uuid="u-1", leser=AMT), b"%PDF" + bytes(70_000)]
    assert [(a.kennung, a.sprache) for a in abholung.angaben] == [("", ""), ("anhang-1", "de")]
    assert (eintrag.autor.kennung, eintrag.leser.kennung, eintrag.test) == (AMT, KREIS, False)
    strecke.frage_nach()
    assert strecke.stufen() == ["uebergeben"], "the reader has not fetched it yet"
    strecke.hole_im_kreis()
    strecke.frage_nach()
    assert sorted(strecke.stufen()) == ["technisch_bestaetigt", "uebergeben"]
    assert strecke.welt.journal()[-1] == ("quittung", "")
    assert strecke.welt.zeilen(zustellung)[0].frage_faellig is None, "nobody is asked any more"


@pytest.mark.parametrize("laune", ["abbruch_nach_senden", "abbruch_im_rumpf"])
def test_a_lost_answer_to_sending_leaves_exactly_one_message(strecke: Strecke, laune: str) -> None:
    strecke.sende()
    strecke.stoere("sendMessage", art=laune)
    assert strecke.laufe().status == "done"
    assert len(strecke.im_kreis()) == 1
    assert strecke.welt.zeilen(quittung)[0].kennung == strecke.im_kreis()[0].nachricht_id


def test_a_lost_answer_and_a_report_that_cannot_be_had_leave_exactly_one_message(strecke: Strecke) -> None:
    strecke.sende()
    strecke.stoere("sendMessage", art="abbruch_nach_senden")
    strecke.stoere("getTransportReport", art="http", http=503, mal=2)
    assert strecke.laufe().status == "waiting"
    assert strecke.laufe(hours=1).status == "waiting"
    assert strecke.laufe(hours=2).status == "done"
    assert len(strecke.im_kreis()) == 1


def test_what_never_arrived_is_sent_again_under_the_same_id(strecke: Strecke) -> None:
    strecke.sende()
    strecke.stoere("sendMessage", art="abbruch_vorher", mal=2)
    assert strecke.laufe().status == "waiting"
    assert strecke.laufe(hours=1).status == "waiting"
    assert strecke.laufe(hours=2).status == "done"
    assert len(strecke.im_kreis()) == 1


def test_a_used_id_without_a_report_waits_for_a_person(strecke: Strecke) -> None:
    strecke.sende()
    strecke.stoere("sendMessage", art="fehler", fehler="9024")
    fall = strecke.laufe()
    assert (fall.status, fall.grund, fall.gehalten_fuer) == ("held", "ausgang_unbekannt", "betrieb")
    eingriff.wiederhole(strecke.welt.betrieb, fall.id, "erika")
    assert strecke.laufe().grund == "ausgang_unbekannt", "a retry asks and never sends blindly"
    assert strecke.im_kreis() == []
    eingriff.gib_frei(strecke.welt.betrieb, fall.id, "erika", "Beim Betreiber nachgefragt: nichts da.")
    assert strecke.laufe().status == "done"
    assert len(strecke.im_kreis()) == 1


def test_a_red_report_turns_a_done_case_into_a_held_one_and_a_retry_sends_anew(
    strecke: Strecke, monkeypatch: pytest.MonkeyPatch
) -> None:
    strecke.sende()
    assert strecke.laufe().status == "done"
    (erste,) = strecke.im_kreis()
    echt = XtaClient.report
    with monkeypatch.context() as rot:

        def bericht(self: XtaClient, nachricht_id: str) -> TransportBericht:
            return replace(echt(self, nachricht_id), status=3)

        rot.setattr(XtaClient, "report", bericht)
        strecke.frage_nach()
    fall = strecke.welt.der_vorgang()
    assert (fall.status, fall.grund, fall.gehalten_fuer) == ("held", "xta.versand_gescheitert", "betrieb")
    eingriff.wiederhole(strecke.welt.betrieb, fall.id, "erika")
    assert strecke.laufe().status == "done"
    assert {eintrag.nachricht_id for eintrag in strecke.im_kreis()} > {erste.nachricht_id}


def test_a_report_about_somebody_else_waits_for_a_person_and_one_release_is_enough(
    strecke: Strecke, monkeypatch: pytest.MonkeyPatch
) -> None:
    strecke.sende()
    assert strecke.laufe().status == "done"
    echt = XtaClient.report
    with monkeypatch.context() as fremd:

        def bericht(self: XtaClient, nachricht_id: str) -> TransportBericht:
            gefunden = echt(self, nachricht_id)
            return replace(gefunden, metadaten=replace(gefunden.metadaten, leser=Partei("wbs:139999999999")))

        fremd.setattr(XtaClient, "report", bericht)
        strecke.frage_nach()
        fall = strecke.welt.der_vorgang()
        assert (fall.status, fall.grund) == ("held", "ausgang_unbekannt")
        eingriff.wiederhole(strecke.welt.betrieb, fall.id, "erika")
        assert strecke.laufe().grund == "ausgang_unbekannt"
        assert len(strecke.im_kreis()) == 1, "a retry asks and never sends blindly"
    eingriff.gib_frei(strecke.welt.betrieb, fall.id, "erika", "Beim Betreiber nachgefragt: nichts da.")
    assert strecke.laufe().status == "done"
    assert len(strecke.im_kreis()) == 2


def test_a_locked_account_stops_the_target_with_an_alarm_and_holds_no_case(strecke: Strecke) -> None:
    strecke.sende()
    strecke.stoere("sendMessage", art="fehler", fehler="9011")
    fall = strecke.laufe()
    assert (fall.status, fall.grund) == ("waiting", "xta.9011")
    assert alarm.offene(strecke.welt.betrieb.store), "somebody is told"
    assert strecke.laufe(hours=6).status == "done"
    assert len(strecke.im_kreis()) == 1


def test_a_delivery_error_is_tried_five_times_and_then_held(strecke: Strecke) -> None:
    strecke.sende()
    strecke.stoere("sendMessage", art="fehler", fehler="9032", mal=5)
    assert strecke.laufe().status == "waiting"
    for _ in range(3):
        assert strecke.laufe(hours=2).status == "waiting"
    fall = strecke.laufe(hours=2)
    assert (fall.status, fall.grund) == ("held", "xta.9032")
    eingriff.wiederhole(strecke.welt.betrieb, fall.id, "erika")
    assert strecke.laufe().status == "done"


@pytest.mark.parametrize("strecke", ["test"], indirect=True)
def test_a_test_stays_a_test_on_its_way(strecke: Strecke) -> None:
    strecke.sende(test=True)
    assert strecke.laufe().status == "done"
    (eintrag,) = strecke.im_kreis()
    assert eintrag.test is True


def test_the_stored_values_keep_what_the_transport_said_of_a_part(strecke: Strecke) -> None:
    strecke.sende()
    fall, store = strecke.laufe(), strecke.welt.betrieb.store
    eingang = store.lies_wert(Eingang, store.ausgabe(fall.id, "receive") or "")
    sendung = store.lies_wert(Sendung, strecke.welt.zeilen(zustellung)[0].sendung)
    assert eingang.teile[1].transport == sendung.anlagen[1].teil.transport == {"kennung": "anhang-1", "sprache": "de"}
