"""The operations few servers offer: going on in a list, taking back, asking at once, services in the directory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fachwerk.testkit.clamd import EICAR
from fachwerk_generic_xta.simulator import Einstellungen, XtaSimulator, bestand

LESER = "wbs:130030000000"
AMT = "amt:1"
KONTEN: dict[str, Any] = {
    "konten": {
        "leser": {"kennungen": [LESER, "wgb:130030000000"]},
        "portal": {"kennungen": ["gae:portal"]},
        "sparsam": {"kennungen": ["gae:sparsam"], "gebucht": ["urn:test:gebucht"]},
        "amt": {
            "kennungen": [AMT, "amt:2"],
            "dienste": [
                "urn:test:dienst",
                {"dienst": "urn:test:nur-eins", "kennungen": [AMT]},
                {"dienst": "urn:test:andere", "nachrichtentypen": ["c.d.2"]},
                {"dienst": "urn:test:sofort", "weg": "synchron"},
                {"dienst": "urn:test:spaeter", "weg": "asynchron"},
            ],
            "antwort": {"text": "<antwort/>", "medientyp": "application/xml", "dateiname": "antwort.xml"},
        },
        "verschwiegen": {"kennungen": ["amt:3"], "dienste": "unbekannt"},
    }
}


class Uhr:
    """A clock that is moved by hand; it ticks when it is looked at, so that no two messages are of the same time."""

    def __init__(self) -> None:
        self.zeit = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.zeit += timedelta(microseconds=1)
        return self.zeit


@pytest.fixture
def uhr() -> Uhr:
    return Uhr()


@pytest.fixture
def simulator(tmp_path: Path, uhr: Uhr) -> Iterator[XtaSimulator]:
    """With a clock of its own for the mailboxes; the certificates need the true one."""
    XtaSimulator(tmp_path, KONTEN).__enter__().stop()
    mit_scanner = Einstellungen(virenpruefung=True)
    with XtaSimulator(tmp_path, KONTEN, jetzt=uhr, einstellungen=mit_scanner) as laufend:
        yield laufend


@pytest.fixture
def amt(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> Iterator[Any]:
    with xta_gegenstelle.Gegenstelle(simulator, "amt") as client:
        yield client


def abfrage_von(antwort: Any) -> str:
    return str(antwort.finde("//o:MsgBoxResponse").get("MsgBoxRequestID"))


def ids_von(antwort: Any) -> list[str]:
    return [element.text for element in antwort.alle("//m:MsgIdentification/w:MessageID")]


def test_a_list_goes_on_behind_its_last_entry_and_closes_what_is_acknowledged(portal: Any, leser: Any) -> None:
    kennungen = [portal.sende()[0] for _ in range(5)]
    erste = leser.liste(hoechstens=2)
    zweite = leser.weiter("getNextStatusList", abfrage_von(erste), kennungen[0])
    assert ids_von(zweite) == kennungen[2:4]
    assert zweite.finde("//o:ItemsPending").text == "1"
    assert abfrage_von(zweite) == abfrage_von(erste), "a continuation stays the same request"
    dritte = leser.weiter("getNextStatusList", abfrage_von(erste), kennungen[0], kennungen[2])
    assert ids_von(dritte) == kennungen[4:]
    leer = leser.weiter("getNextStatusList", abfrage_von(erste))
    assert leer.finde("//o:NoMessageAvailable").get("reason").endswith("/reasons/NoMatch")
    assert leser.ids() == [kennungen[1], kennungen[3], kennungen[4]]


def test_a_list_goes_on_only_for_whom_it_was_made(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, leser: Any
) -> None:
    kennung, _ = portal.sende()
    portal.sende()
    abfrage = abfrage_von(leser.liste(hoechstens=1))
    with xta_gegenstelle.Gegenstelle(simulator, "portal") as amt:
        fremd = amt.weiter("getNextStatusList", abfrage, kennung)
    with xta_gegenstelle.Gegenstelle(simulator, "leser", LESER) as nur_eine:
        weniger = nur_eine.weiter("getNextStatusList", abfrage)
    erfunden = leser.weiter("getNextStatusList", "urn:uuid:00000000-0000-4000-8000-000000000000")
    for antwort in (fremd, weniger, erfunden):
        assert antwort.finde("//o:NoMessageAvailable").get("reason").endswith("/reasons/RequestIdInvalid")
    assert kennung in leser.ids(), "a stranger's acknowledgement closes nothing"


def test_the_next_message_comes_until_there_is_none(portal: Any, leser: Any) -> None:
    kennungen = [portal.sende([b"%d" % nummer])[0] for nummer in range(3)]
    erste = leser.hole(kennungen[0])
    abfrage = abfrage_von(erste)
    zweite = leser.weiter("getNextMessage", abfrage, kennungen[0])
    assert (ids_von(zweite), zweite.inhalte()) == ([kennungen[1]], [b"1"])
    assert zweite.finde("//o:ItemsPending").text == "1"
    dritte = leser.weiter("getNextMessage", abfrage)
    assert dritte.inhalte() == [b"2"]
    assert leser.weiter("getNextMessage", abfrage, *kennungen[1:]).fehlernummer == "9070", "acknowledged, but no more"
    assert leser.ids() == []
    assert leser.weiter("getNextMessage", abfrage, kennungen[0]).fehlernummer == "9070"
    assert leser.weiter("getNextMessage", "urn:uuid:fremd").fehlernummer == "9070"


def test_a_held_message_can_be_taken_back_until_its_time(
    simulator: XtaSimulator, uhr: Uhr, portal: Any, leser: Any
) -> None:
    spaet = "<m:NotBefore>2026-11-02T09:00:00Z</m:NotBefore>"
    zurueck, bleibt = portal.sende(zusatz=spaet)[0], portal.sende(zusatz=spaet)[0]
    sofort, _ = portal.sende()
    assert portal.storniere(sofort).fehlernummer == "9101"
    assert portal.storniere("urn:unbekannt").fehlernummer == "9022"
    assert leser.storniere(zurueck).fehlernummer == "9022", "only the author may"
    assert [portal.storniere(zurueck).status for _ in range(2)] == [200, 200], "a repetition changes nothing"
    uhr.zeit += timedelta(hours=1)
    assert portal.storniere(bleibt).fehlernummer == "9100"
    assert leser.ids() == [sofort, bleibt]
    assert portal.sende(kennung=zurueck)[1].fehlernummer == "9024", "its id stays used"
    assert {zeile.id: zeile.entfernt for zeile in bestand(simulator.ordner)} == {
        zurueck: "storniert",
        bleibt: "",
        sofort: "",
    }


def test_what_is_obsolete_vanishes_also_over_a_restart(
    tmp_path: Path, xta_gegenstelle: ModuleType, simulator: XtaSimulator, uhr: Uhr, portal: Any, leser: Any
) -> None:
    heute = "<m:ObsoleteAfter>2026-11-02</m:ObsoleteAfter>"
    kurz, lang = portal.sende(zusatz=heute)[0], portal.sende()[0]
    gestern = portal.sende(zusatz="<m:ObsoleteAfter>2026-11-01</m:ObsoleteAfter>")[1]
    assert gestern.fehlernummer == "9022"
    uhr.zeit += timedelta(hours=15, minutes=59)
    assert leser.ids() == [kurz, lang]
    uhr.zeit += timedelta(minutes=1)
    assert leser.ids() == [lang]
    assert leser.hole(kurz).fehlernummer == "9070"
    assert leser.schliesse(kurz).fehlernummer == "9070"
    simulator.stop()
    with (
        XtaSimulator(tmp_path, KONTEN, jetzt=uhr) as neu,
        xta_gegenstelle.Gegenstelle(neu, "leser") as client,
    ):
        assert client.ids() == [lang]


def test_a_synchronous_call_is_answered_at_once_and_leaves_nothing(
    simulator: XtaSimulator, portal: Any, amt: Any
) -> None:
    kennung, antwort = portal.sende(
        [b"<frage/>", b"anlage"], leser=AMT, dienst="urn:test:sofort", vorgang="sendMessageSync"
    )
    assert antwort.status == 200
    assert antwort.inhalte() == [b"<antwort/>"]
    assert antwort.finde("//x:Message").get("filename") == "antwort.xml"
    assert antwort.finde("//m:Originators/m:Author/m:Identifier").text == AMT
    assert antwort.finde("//m:Destinations/m:Reader/m:Identifier").text == "gae:portal"
    assert antwort.finde("//m:MsgIdentification/m:In-Reply-To").text == kennung
    assert antwort.finde("//m:MsgIdentification/w:MessageID").text.startswith("urn:de:xta:messageid:amt:")
    assert amt.ids() == []
    assert portal.bericht(kennung).finde("//x:Status").text == "1"
    zweite = portal.sende(kennung=kennung, leser=AMT, dienst="urn:test:sofort", vorgang="sendMessageSync")[1]
    assert zweite.fehlernummer == "9024", "a synchronous call must not be repeated"
    assert [zeile.geschlossen is not None for zeile in bestand(simulator.ordner)] == [True]


@pytest.mark.parametrize(
    ("vorgang", "leser_kennung", "dienst", "nummer"),
    [
        ("sendMessage", AMT, "urn:test:dienst", ""),
        ("sendMessage", AMT, "urn:test:nur-eins", ""),
        ("sendMessage", "amt:2", "urn:test:nur-eins", "9032"),
        ("sendMessage", AMT, "urn:test:fremd", "9032"),
        ("sendMessage", AMT, "urn:test:andere", "9052"),
        ("sendMessage", AMT, "urn:test:sofort", "9081"),
        ("sendMessageSync", AMT, "urn:test:spaeter", "9080"),
        ("sendMessageSync", LESER, "urn:test:dienst", "9080"),
        ("sendMessage", AMT, "keine uri", "9021"),
        ("sendMessage", "amt:3", "urn:test:irgendwas", ""),
    ],
)
def test_services_are_accepted_as_the_accounts_say(
    portal: Any, vorgang: str, leser_kennung: str, dienst: str, nummer: str
) -> None:
    antwort = portal.sende(leser=leser_kennung, dienst=dienst, vorgang=vorgang)[1]
    assert antwort.fehlernummer == nummer
    assert (antwort.status == 200) == (not nummer)


def test_an_account_without_booking_cannot_send(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    with xta_gegenstelle.Gegenstelle(simulator, "sparsam") as sparsam:
        assert sparsam.rufe("checkAccountActive").status == 200
        assert sparsam.sende(autor="gae:sparsam")[1].fehlernummer == "9013"
        assert sparsam.sende(autor="gae:sparsam", dienst="urn:test:gebucht")[1].status == 200


def test_the_directory_says_yes_no_or_nothing(portal: Any) -> None:
    fragen = [(AMT, "urn:test:nur-eins"), ("amt:2", "urn:test:nur-eins"), ("amt:3", "urn:x"), (LESER, "urn:x")]
    rumpf = "".join(
        f"<x:LookupServiceRequestList><x:LookupService><m:Reader><m:Identifier type='xoev'>{leser}</m:Identifier>"
        f"</m:Reader><x:ServiceType>{dienst}</x:ServiceType></x:LookupService></x:LookupServiceRequestList>"
        for leser, dienst in fragen
    )
    antwort = portal.rufe("lookupService", f"<x:LookupServiceRequest>{rumpf}</x:LookupServiceRequest>")
    werte = [(kind.tag.rpartition("}")[2], kind.text) for kind in antwort.alle("//x:IsServiceAvailableValue/*")]
    assert werte == [
        ("ServiceIsAvailable", "true"),
        ("ServiceIsAvailable", "false"),
        ("ServiceIsAvailableUnknown", "true"),
        ("ServiceIsAvailable", "true"),
    ]


@pytest.mark.parametrize("vor", [b"", b"a" * 65_500, b"b" * 70_000])
@pytest.mark.parametrize("einfach", [True, False])
def test_the_test_virus_is_refused_wherever_it_lies(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, vor: bytes, einfach: bool
) -> None:
    import base64

    if einfach:
        rumpf = xta_gegenstelle.behaelter(["QUJD", base64.b64encode(vor + EICAR).decode()])
        kopf = xta_gegenstelle.metadaten(portal.neue_id(), "gae:portal", LESER)
        antwort = portal.rufe("sendMessage", rumpf, kopf=kopf, einfach=True)
    else:
        antwort = portal.sende([b"<a/>", vor + EICAR + vor])[1]
    assert antwort.fehlernummer == "9060"
    assert len(antwort.alle("//s:Detail/x:MessageVirusDetectionException")) == 1
    assert bestand(simulator.ordner) == []
    assert portal.sende([EICAR[:40], EICAR[40:]])[1].status == 200, "two parts are not one"


def test_a_server_without_a_scanner_lets_the_test_virus_through(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    with (
        XtaSimulator(tmp_path, KONTEN) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal", "gae:portal") as portal,
    ):
        assert portal.sende([b"<a/>", EICAR])[1].status == 200
        assert len(bestand(simulator.ordner)) == 1


def test_strict_servers_know_their_request_ids_after_a_restart(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    streng = Einstellungen(streng=True)
    with (
        XtaSimulator(tmp_path, KONTEN, einstellungen=streng) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal", "gae:portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        kennung, _ = portal.sende()
        abfrage = abfrage_von(leser.hole(kennung))
    with (
        XtaSimulator(tmp_path, KONTEN, einstellungen=streng) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        assert leser.schliesse(kennung, abfrage="1000000").status == 500, "nobody was given so many"
        assert leser.weiter("getNextMessage", "x").status == 500
        assert leser.schliesse(kennung, abfrage=abfrage).status == 200


@pytest.mark.shared
def test_all_these_answers_are_valid(portal: Any, leser: Any, xta_schema_pruefer: Any) -> None:
    kennungen = [portal.sende()[0] for _ in range(3)]
    abfrage = abfrage_von(leser.liste(hoechstens=1))
    gehalten, _ = portal.sende(zusatz="<m:NotBefore>2026-11-03T09:00:00Z</m:NotBefore>")
    lookup = (
        "<x:LookupServiceRequest><x:LookupServiceRequestList><x:LookupService><m:Reader><m:Identifier type='xoev'>"
        "amt:3</m:Identifier></m:Reader><x:ServiceType>urn:a</x:ServiceType></x:LookupService>"
        "</x:LookupServiceRequestList></x:LookupServiceRequest>"
    )
    antworten = {
        "list": leser.weiter("getNextStatusList", abfrage, kennungen[0]),
        "attributes": leser.liste(form="MsgAtrributes"),
        "list, end": leser.weiter("getNextStatusList", abfrage),
        "message": leser.weiter("getNextMessage", abfrage_von(leser.hole(kennungen[1]))),
        "cancel": portal.storniere(gehalten),
        "report": portal.bericht(gehalten),
        "unknown": portal.rufe("lookupService", lookup),
        "sync": portal.sende(leser=AMT, dienst="urn:test:sofort", vorgang="sendMessageSync")[1],
    }
    for name, antwort in antworten.items():
        assert antwort.status == 200, name
        assert not xta_schema_pruefer.fehler(antwort.umschlag), name
    for anfrage in [*portal.anfragen, *leser.anfragen]:
        xta_schema_pruefer(anfrage)
