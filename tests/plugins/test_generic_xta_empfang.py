"""The Kanal against the test server over real mutual TLS: every message once, whole, and none hidden by another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

import fachwerk_generic_xta as plugin
from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, RetryableError, StepError
from fachwerk.modell import Eingang, Kanal, Teil
from fachwerk.testkit.wirt import FakeHost
from fachwerk.transport import Verbindung, oeffne
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei, StatusListe
from fachwerk_generic_xta.settings import Einstellungen
from fachwerk_generic_xta.simulator.betrieb import Einstellungen as Serververhalten
from fachwerk_generic_xta.simulator.server import XtaSimulator

LESER = "wbs:130030000000"
PORTAL = Partei("gae:musterland-portal")
JETZT = datetime.now(UTC)


class Welt:
    """A running server, a sender, and the Kanal with a host that commits whatever it is given."""

    def __init__(self, ordner: Path, verhalten: Serververhalten) -> None:
        self.ordner = ordner
        self.simulator = XtaSimulator(ordner, einstellungen=verhalten)
        self.clients: dict[Verbindung, httpx.Client] = {}

    def __enter__(self) -> Welt:
        urls = self.simulator.start()
        self.host = FakeHost(ordner=self.ordner, zeit=JETZT, http_fabrik=self.http)
        self.kanal = self.kanal_mit()
        zugang = self.simulator.zugang("portal")
        verbindung = Verbindung(zertifikat=zugang.zertifikat, privatschluessel=zugang.privatschluessel, ca=zugang.ca)
        adressen = Adressen(urls["management"], urls["msgbox"], urls["send"])
        self.portal = XtaClient(adressen, PORTAL, self.http(verbindung))
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients.values():
            client.close()
        self.simulator.stop()

    def http(self, verbindung: Verbindung) -> httpx.Client:
        return self.clients.setdefault(verbindung, oeffne(verbindung))

    def kanal_mit(self, kennung: str = LESER, **werte: object) -> Kanal:
        urls = self.simulator.urls
        grund: dict[str, object] = {
            "management_url": urls["management"],
            "msgbox_url": urls["msgbox"],
            "zertifikat": "pki/leser.crt",
            "privatschluessel": "pki/leser.key",
            "ca": "pki/ca.crt",
            "seiten_groesse": 2,
        }
        return Kanal(
            name="postfach",
            plugin="generic_xta",
            kennung=kennung,
            einstellungen=Einstellungen.model_validate(grund | werte),
        )

    def sende(self, *inhalte: bytes, test: bool = False, kennung: str = "") -> str:
        nachricht_id = kennung or self.portal.new_id()
        kopf = Metadaten(
            nachricht_id,
            PORTAL,
            Partei(LESER),
            "urn:xoev-de:dienst:wbs",
            Listenwert("FIM_DATA", "urn:de:xta:codeliste:business.scenario", "3"),
            Listenwert("vorgang.transportieren.1000001", "urn:de:payloadSchema:elementName", "1.0"),
            "urn:xoev-de:xsozial",
            test=test,
            erstellt=JETZT,
        )
        teile = [Teil.entwurf(f"teil{nr}.xml", "application/xml", lambda b=b: [b]) for nr, b in enumerate(inhalte)]
        self.portal.send(kopf, teile)
        return nachricht_id

    def empfange(self, kanal: Kanal | None = None) -> Iterator[Eingang]:
        """What the core does: commit, then acknowledge, then ask for the next."""
        kanal = kanal or self.kanal
        for eingang in plugin.receive(kanal, self.host):
            self.host.nachrichten.add(eingang.nachricht_id)
            plugin.acknowledge(kanal, eingang, self.host)
            yield eingang

    def inhalte(self, eingang: Eingang) -> list[bytes]:
        return [b"".join(teil.bytes_strom()) for teil in eingang.teile]

    def wartende(self) -> int:
        return len(self.simulator.dienst.postfach.offene([LESER]))


@pytest.fixture
def welt(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Welt]:
    verhalten = getattr(request, "param", Serververhalten(streng=True))
    with Welt(tmp_path, verhalten) as welt:
        yield welt


def ids(eingaenge: Sequence[Eingang]) -> list[str]:
    return [eingang.nachricht_id for eingang in eingaenge]


def test_every_message_arrives_whole_over_several_pages_and_leaves_the_mailbox(welt: Welt) -> None:
    gesendet = [welt.sende(b"<a>%d</a>" % nr, b"PDF" * nr, b"") for nr in range(7)]
    eingaenge = list(welt.empfange())
    assert ids(eingaenge) == gesendet
    assert [welt.inhalte(eingang) for eingang in eingaenge] == [[b"<a>%d</a>" % n, b"PDF" * n, b""] for n in range(7)]
    assert welt.wartende() == 0
    assert list(welt.empfange()) == []


def test_an_eingang_carries_the_words_of_the_transport(welt: Welt) -> None:
    welt.sende(b"<a/>", test=True)
    (eingang,) = welt.empfange()
    assert eingang.test
    assert eingang.empfangen == JETZT
    assert eingang.zugestellt is not None
    assert (eingang.kanal, eingang.kanal_kennung) == ("postfach", LESER)
    erwartet = {
        "xta.absender": "gae:musterland-portal",
        "xta.dienst": "urn:xoev-de:dienst:wbs",
        "xta.szenario": "FIM_DATA",
        "xta.nachrichtentyp": "vorgang.transportieren.1000001",
        "xta.payload_schema": "urn:xoev-de:xsozial",
        "xta.groesse": "4",
    }
    assert {name: eingang.metadaten[name] for name in erwartet} == erwartet
    assert eingang.metadaten["xta.anfrage_id"]


def test_content_that_is_no_xml_is_a_message_all_the_same(welt: Welt) -> None:
    welt.sende(b"<a><b></a>\x00")
    (eingang,) = welt.empfange()
    assert welt.inhalte(eingang) == [b"<a><b></a>\x00"]


def test_the_star_reads_all_identities_of_the_certificate(welt: Welt) -> None:
    gesendet = welt.sende(b"<a/>")
    assert ids(list(welt.empfange(welt.kanal_mit(kennung="*")))) == [gesendet]


@pytest.mark.parametrize("laune", ["cid_prozent", "wurzel_zuletzt", "inline_base64", "gestueckelt"])
def test_what_servers_may_do_differently_changes_nothing(welt: Welt, laune: str) -> None:
    welt.simulator.temperament.setze("*", laune, mal=None)
    welt.sende(b"<a/>", b"x" * 100_000, b"")
    (eingang,) = welt.empfange()
    assert welt.inhalte(eingang) == [b"<a/>", b"x" * 100_000, b""]
    assert welt.wartende() == 0


STOERUNGEN = [
    {"art": "abgeschnitten"},
    {"art": "ohne_schlussgrenze"},
    {"art": "ohne_teil"},
    {"art": "falsche_cid"},
    {"art": "falsche_groesse"},
    {"art": "doctype"},
    {"art": "abbruch_vorher"},
    {"art": "abbruch_im_rumpf"},
    {"art": "fehler", "fehler": "9030"},
    {"art": "http", "http": 500},
]


@pytest.mark.parametrize("stoerung", STOERUNGEN, ids=lambda s: s["art"])
def test_one_bad_message_hides_no_other_and_is_named(welt: Welt, stoerung: dict[str, object]) -> None:
    schlecht, *gute = [welt.sende(b"<a/>", b"PDF") for _ in range(4)]
    welt.simulator.temperament.setze("getMessage", **stoerung)  # type: ignore[arg-type]
    with pytest.raises(RetryableError) as fehler:
        list(welt.empfange())
    assert fehler.value.code == "abruf_unvollstaendig"
    assert fehler.value.details["nachrichten"] == schlecht
    assert not fehler.value.routenfehler
    assert sorted(welt.host.nachrichten) == sorted(gute)
    assert ids(list(welt.empfange())) == [schlecht]
    assert welt.wartende() == 0


def test_messages_that_cannot_be_fetched_do_not_block_the_pages_behind_them(welt: Welt) -> None:
    gesendet = [welt.sende(b"<a/>", b"PDF") for _ in range(8)]
    welt.simulator.temperament.setze("getMessage", "abgeschnitten", mal=4)
    with pytest.raises(RetryableError) as fehler:
        list(welt.empfange())
    assert welt.host.nachrichten == set(gesendet[4:])
    assert fehler.value.details["nachrichten"].split(", ") == gesendet[:4]


@pytest.mark.parametrize("stoerung", [{"art": "abbruch_vorher"}, {"art": "http", "http": 500}], ids=lambda s: s["art"])
def test_a_mailbox_that_fails_altogether_ends_the_round(welt: Welt, stoerung: dict[str, object]) -> None:
    for _ in range(6):
        welt.sende(b"<a/>")
    strom = plugin.receive(welt.kanal, welt.host)
    next(strom)
    welt.simulator.temperament.setze("*", **stoerung, mal=None)  # type: ignore[arg-type]
    with pytest.raises(RetryableError) as fehler:
        next(strom)
    assert fehler.value.code.startswith("transport.")
    assert fehler.value.routenfehler


@pytest.mark.parametrize(
    "stoerung",
    [{"art": "abbruch_vorher"}, {"art": "http", "http": 500}, {"art": "http", "http": 403}],
    ids=["abbruch", "http_500", "http_403"],
)
def test_many_poisoned_messages_at_the_head_hide_none_behind_them(welt: Welt, stoerung: dict[str, object]) -> None:
    gesendet = [welt.sende(b"<a/>") for _ in range(8)]
    welt.simulator.temperament.setze("getMessage", **stoerung, mal=6)  # type: ignore[arg-type]
    with pytest.raises(RetryableError) as fehler:
        list(welt.empfange())
    assert fehler.value.code == "abruf_unvollstaendig"
    assert fehler.value.details["nachrichten"].split(", ") == gesendet[:6]
    assert welt.host.nachrichten == set(gesendet[6:])


def test_an_entry_listed_twice_is_fetched_once_and_one_without_an_id_is_reported(
    welt: Welt, monkeypatch: pytest.MonkeyPatch
) -> None:
    gesendet = welt.sende(b"<a/>")
    echt = XtaClient.list

    def doppelt(self: XtaClient, hoechstens: int = 50, **werte: object) -> StatusListe:
        seite = echt(self, hoechstens, **werte)  # type: ignore[arg-type]
        gross = tuple(replace(eintrag, nachricht_id=eintrag.nachricht_id.upper()) for eintrag in seite.eintraege)
        return replace(seite, eintraege=seite.eintraege + gross, unlesbar=1)

    monkeypatch.setattr(XtaClient, "list", doppelt)
    with pytest.raises(RetryableError) as fehler:
        list(welt.empfange())
    assert len(welt.host.inhalt.bytes_von) == 1
    assert welt.host.nachrichten == {gesendet}
    assert (fehler.value.code, fehler.value.details["ohne_kennung"]) == ("abruf_unvollstaendig", "1")


def test_a_message_closed_by_somebody_else_meanwhile_is_no_fault(welt: Welt) -> None:
    welt.sende(b"<a/>")
    gut = welt.sende(b"<b/>")
    welt.simulator.temperament.setze("getMessage", "fehler", fehler="9070")
    assert ids(list(welt.empfange())) == [gut]


def test_a_stored_message_is_shown_to_the_core_again_because_only_its_content_says_whether_it_is_the_same(
    welt: Welt,
) -> None:
    gesendet = welt.sende(b"<a/>")
    (eingang,) = plugin.receive(welt.kanal, welt.host)
    welt.host.nachrichten.add(eingang.nachricht_id)  # the process dies between commit and acknowledge
    assert welt.wartende() == 1
    (wieder,) = welt.empfange()
    assert (wieder.nachricht_id, welt.inhalte(wieder)) == (gesendet, [b"<a/>"])
    assert welt.wartende() == 0


@pytest.mark.parametrize("welt", [Serververhalten(nur_neue=True)], indirect=True)
def test_what_was_fetched_but_never_stored_is_found_again_on_a_server_that_lists_only_news(welt: Welt) -> None:
    gesendet = [welt.sende(b"<a/>"), welt.sende(b"<b/>")]
    strom = plugin.receive(welt.kanal, welt.host)
    next(strom)  # the process dies here, before commit
    del strom
    assert sorted(ids(list(welt.empfange()))) == sorted(gesendet)
    assert welt.wartende() == 0


@pytest.mark.parametrize("laune", ["abbruch_nach_senden", "abbruch_vorher", "abbruch_im_rumpf"])
def test_acknowledging_may_be_repeated_after_a_lost_answer(welt: Welt, laune: str) -> None:
    welt.sende(b"<a/>")
    (eingang,) = plugin.receive(welt.kanal, welt.host)
    welt.simulator.temperament.setze("close", laune)
    with pytest.raises(RetryableError):
        plugin.acknowledge(welt.kanal, eingang, welt.host)
    plugin.acknowledge(welt.kanal, eingang, welt.host)
    plugin.acknowledge(welt.kanal, eingang, welt.host)
    assert welt.wartende() == 0


@pytest.mark.parametrize(
    ("vorgang", "stoerung", "art"),
    [
        ("getStatusList", {"art": "fehler", "fehler": "9011"}, NeedsHumanError),
        ("getMessage", {"art": "fehler", "fehler": "9011"}, NeedsHumanError),
        ("getStatusList", {"art": "fehler", "fehler": "9030"}, RetryableError),
        ("getStatusList", {"art": "http", "http": 503}, RetryableError),
        ("getStatusList", {"art": "abbruch_im_rumpf"}, RetryableError),
        ("getStatusList", {"art": "doctype"}, RetryableError),
    ],
)
def test_a_fault_of_account_or_mailbox_stops_the_round(
    welt: Welt, vorgang: str, stoerung: dict[str, object], art: type[StepError]
) -> None:
    welt.sende(b"<a/>")
    welt.simulator.temperament.setze(vorgang, **stoerung)  # type: ignore[arg-type]
    with pytest.raises(StepError) as fehler:
        list(welt.empfange())
    assert isinstance(fehler.value, art)
    assert welt.wartende() == 1


def test_a_mailbox_that_refuses_newentry_is_read_all_the_same(welt: Welt, monkeypatch: pytest.MonkeyPatch) -> None:
    gesendet = welt.sende(b"<a/>")
    echt = XtaClient.list

    def streng(self: XtaClient, *werte: int, neue: bool | None = None, ab: datetime | None = None) -> object:
        if neue is not None:
            welt.simulator.temperament.setze("getStatusList", "fehler", fehler="9020")
        return echt(self, *werte, neue=neue, ab=ab)

    monkeypatch.setattr(XtaClient, "list", streng)
    assert ids(list(welt.empfange())) == [gesendet]
    assert [zeile["event"] for zeile in welt.host.protokoll] == ["xta.newentry_abgelehnt"]


def test_a_lost_answer_to_sending_is_cleared_up_by_the_transport_report(welt: Welt) -> None:
    nachricht_id = welt.portal.new_id()
    welt.simulator.temperament.setze("sendMessage", "abbruch_nach_senden")
    with pytest.raises(OutcomeUnknownError):
        welt.sende(b"<a/>", kennung=nachricht_id)
    with pytest.raises(OutcomeUnknownError) as fehler:
        welt.sende(b"<a/>", kennung=nachricht_id)
    assert fehler.value.code == "xta.9024"
    assert welt.portal.report(nachricht_id).metadaten.nachricht_id == nachricht_id
    assert ids(list(welt.empfange())) == [nachricht_id]
    assert welt.portal.report(nachricht_id).status == 1


def test_logs_and_errors_hold_ids_and_codes_only(welt: Welt) -> None:
    welt.sende(b"<name>Erika Kanarienvogel</name>", b"Kanarienvogel")
    welt.simulator.temperament.setze("getMessage", "abgeschnitten", mal=1)
    with pytest.raises(RetryableError) as fehler:
        list(welt.empfange())
    list(welt.empfange())
    assert "Kanarienvogel" not in f"{welt.host.protokoll} {fehler.value} {fehler.value.details}"
