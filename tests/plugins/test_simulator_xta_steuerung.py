"""A running simulator takes orders: faults for certain calls, accounts, reports, certificates, full mailboxes."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator import XtaSimulator, bestand
from fachwerk_generic_xta.simulator.befehl import xta
from fachwerk_generic_xta.simulator.befuellen import Beilage
from fachwerk_generic_xta.simulator.fehler import FEHLERNUMMERN
from fachwerk_generic_xta.simulator.steuerung import steuere

LESER = "wbs:130030000000"


@pytest.fixture
def nachbar(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> Iterator[Any]:
    with xta_gegenstelle.Gegenstelle(simulator, "nachbar") as client:
        yield client


def befehl(simulator: XtaSimulator, *worte: str, eingabe: str | None = None) -> Result:
    return CliRunner().invoke(xta, [*worte, "--ordner", str(simulator.ordner)], input=eingabe)


def aktiv(client: Any) -> str:
    """How a call ends that changes nothing: the error number, the HTTP status, or what broke."""
    try:
        antwort = client.rufe("checkAccountActive")
    except httpx.TransportError:
        return "weg"
    if antwort.kopfzeilen["content-type"].startswith("text/html"):
        return str(antwort.status)
    return str(antwort.fehlernummer or antwort.status)


def test_an_order_from_the_command_line_is_obeyed_at_once(simulator: XtaSimulator, portal: Any) -> None:
    ergebnis = befehl(simulator, "steuern", '{"checkAccountActive": {"fehler": "9031", "mal": 2}}')
    assert ergebnis.exit_code == 0, ergebnis.output
    assert "checkAccountActive: fehler, fehler=9031, noch 2 mal" in ergebnis.output
    assert f"Konto leser: {LESER}, wgb:130030000000; 0 wartend" in ergebnis.output
    assert [aktiv(portal) for _ in range(3)] == ["9031", "9031", "200"]
    assert "Störungen: keine" in befehl(simulator, "steuern", '{"zeige": true}').output


def test_an_order_may_be_a_file_or_come_from_a_pipe(simulator: XtaSimulator, portal: Any, tmp_path: Path) -> None:
    datei = tmp_path / "auftrag.json"
    datei.write_text('{"*": {"http": 503, "retry_after": 7}}')
    assert befehl(simulator, "steuern", str(datei)).exit_code == 0
    antwort = portal.rufe("checkAccountActive")
    assert (antwort.status, antwort.kopfzeilen["retry-after"]) == (503, "7")
    assert befehl(simulator, "steuern", "-", eingabe='{"*": {"http": 429}}').exit_code == 0
    assert aktiv(portal) == "429"


@pytest.mark.parametrize(
    ("auftrag", "erwartet"),
    [
        ("{", "kein JSON"),
        ("gibtsnicht.json", "weder JSON noch eine lesbare Datei"),
        ("[]", "JSON-Objekt"),
        ('{"getMesage": {"art": "leer"}}', "Es gibt: regeln, ruhe, konten"),
        ('{"getMessage": {"art": "abgeschnittn"}}', "Gemeint ist vielleicht „abgeschnitten“"),
        ('{"getMessage": {"atr": "leer"}}', "Gemeint ist vielleicht „art“"),
        ('{"getMessage": {"art": "http"}}', "Zur Art „http“ gehört „http“"),
        ('{"getMessage": {"fehler": "9999"}}', "„fehler“ ist eine von: 9000, 9010"),
        ('{"regeln": [{"vorgang": "getmessage", "art": "leer"}]}', "Gemeint ist vielleicht „getMessage“"),
        ('{"*": {"art": "leer", "wahrscheinlichkeit": 2}}', "Zahl von 0 bis 1"),
        ('{"konten": {"leserr": {}}}', "Gemeint ist vielleicht „leser“"),
        ('{"konten": {"leser": {"gespert": true}}}', "Gemeint ist vielleicht „gesperrt“"),
        ('{"bericht": {"status": 4}}', "„status“ ist 0 (offen)"),
        ('{"bericht": {"nachricht": "urn:x", "status": 1}}', "gibt es hier nicht"),
        ('{"bericht": {"eintraege": [{"stufe": "panik"}]}}', "„stufe“ ist fehler, warnung, hinweis"),
        ('{"bericht": {"mal": "oft"}}', "„mal“ ist eine Zahl ab 1"),
        ('{"fuellen": {"leser": "wbs:1", "anzahl": 1}}', "„leser“ ist eine Kennung"),
        ('{"tls": "kaputt"}', "normal, fremd, inspektion"),
        ('{"ruhe": "alles"}', "„ruhe“ ist true"),
    ],
)
def test_a_wrong_order_is_explained_and_changes_nothing(simulator: XtaSimulator, auftrag: str, erwartet: str) -> None:
    simulator.temperament.setze("close", "leer")
    ergebnis = befehl(simulator, "steuern", auftrag)
    assert ergebnis.exit_code == 3
    assert erwartet in ergebnis.output
    assert [regel["vorgang"] for regel in simulator.temperament.uebersicht()] == ["close"]


def test_one_wrong_word_spoils_the_whole_order(simulator: XtaSimulator) -> None:
    with pytest.raises(ConfigError):
        simulator.steuere({"konten": {"leser": {"gesperrt": True}}, "tls": "nie", "*": {"art": "leer"}})
    assert not simulator.konten["leser"].gesperrt
    assert simulator.temperament.uebersicht() == []


def test_orders_need_the_secret_of_the_folder(simulator: XtaSimulator) -> None:
    datei = simulator.ordner / "steuerung.json"
    assert stat.S_IMODE(datei.stat().st_mode) == 0o600
    port = json.loads(datei.read_text())["port"]
    for kopf in ({}, {"Authorization": "Bearer falsch"}):
        antwort = httpx.post(f"http://127.0.0.1:{port}/", json={"zeige": True}, headers=kopf, trust_env=False)
        assert antwort.status_code == 403


@pytest.mark.parametrize("worte", [["steuern", "{}"], ["senden", __file__, "--von", "portal", "--an", LESER]])
def test_where_nothing_runs_the_command_says_how_to_start(tmp_path: Path, worte: list[str]) -> None:
    (tmp_path / "steuerung.json").write_text('{"port": 1, "geheimnis": "x"}')
    ergebnis = CliRunner().invoke(xta, [*worte, "--ordner", str(tmp_path)])
    assert ergebnis.exit_code == 3
    assert "läuft kein Simulator. Erst starten: fachwerk simulator xta --ordner" in ergebnis.output


def test_a_fault_can_be_for_one_message_one_account_or_the_nth_call(
    simulator: XtaSimulator, portal: Any, leser: Any, nachbar: Any
) -> None:
    eins, zwei = portal.sende()[0], portal.sende()[0]
    simulator.steuere({"getMessage": {"fehler": "9030", "nachricht": zwei.upper(), "mal": None}})
    assert [leser.hole(kennung).fehlernummer for kennung in (eins, zwei, eins, zwei)] == ["", "9030", "", "9030"]
    simulator.steuere({"checkAccountActive": {"fehler": "9011", "konto": "nachbar"}})
    assert [aktiv(client) for client in (leser, nachbar, nachbar)] == ["200", "9011", "200"]
    simulator.steuere({"checkAccountActive": {"fehler": "9030", "ab": 3, "mal": 2}})
    assert [aktiv(leser) for _ in range(6)] == ["200", "200", "9030", "9030", "200", "200"]


def test_several_faults_for_a_call_come_one_after_the_other(simulator: XtaSimulator, leser: Any) -> None:
    simulator.steuere({"*": {"http": 500, "mal": None}, "checkAccountActive": [{"fehler": "9030"}, {"http": 408}]})
    assert [aktiv(leser) for _ in range(4)] == ["9030", "408", "500", "500"]
    simulator.steuere({"ruhe": "*"})
    assert aktiv(leser) == "200"
    simulator.steuere({"regeln": [{"vorgang": ["getMessage", "checkAccountActive"], "art": "leer", "mal": None}]})
    simulator.steuere({"ruhe": True})
    assert aktiv(leser) == "200"


def test_chance_is_the_same_for_the_same_seed(simulator: XtaSimulator, leser: Any) -> None:
    folgen = []
    for samen in (7, 7, 8):
        simulator.steuere({"ruhe": True})
        regel = {"fehler": "9030", "mal": None, "wahrscheinlichkeit": 0.5, "samen": samen}
        simulator.steuere({"checkAccountActive": regel})
        folgen.append([aktiv(leser) for _ in range(24)])
    assert folgen[0] == folgen[1] != folgen[2]
    assert {"9030", "200"} == set(folgen[0])


@pytest.mark.parametrize("nummer", sorted(FEHLERNUMMERN))
def test_every_error_number_can_be_ordered(simulator: XtaSimulator, portal: Any, nummer: str) -> None:
    simulator.steuere({"sendMessage": {"fehler": nummer, "mehrteilig": nummer > "9030"}})
    antwort = portal.sende()[1]
    assert (antwort.status, antwort.fehlernummer) == (500, nummer)
    assert antwort.kopfzeilen["content-type"].startswith("multipart/" if nummer > "9030" else "application/soap+xml")
    assert bestand(simulator.ordner) == []


def test_9000_exists_in_every_exception(simulator: XtaSimulator, portal: Any) -> None:
    auftrag = {"fehler": "9000", "ausnahme": "MessageSchemaViolationException", "text": "Nur heute."}
    simulator.steuere({"sendMessage": auftrag})
    antwort = portal.sende()[1]
    assert antwort.finde("//s:Detail/x:MessageSchemaViolationException/x:errorCode/name").text == "Nur heute."


@pytest.mark.parametrize("wort", [{"fehler": "9030"}, {"http": 504}, {"art": "leer"}, {"art": "kein_soap"}])
@pytest.mark.parametrize("danach", [True, False])
def test_a_fault_can_hide_that_the_work_was_done(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, wort: dict[str, Any], danach: bool
) -> None:
    kennung = portal.neue_id()
    simulator.steuere({"sendMessage": {**wort, "danach": danach}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xta_gegenstelle, "lies_antwort", lambda antwort: antwort)
        roh = portal.sende(kennung=kennung)[1]
    assert roh.status_code == (500 if "fehler" in wort else wort.get("http", 200))
    if wort.get("art"):
        assert roh.headers["content-type"].startswith("text/html")
        assert bool(roh.content) == (wort["art"] == "kein_soap")
    assert [zeile.id for zeile in bestand(simulator.ordner)] == [kennung] * danach


def test_a_fault_without_a_number_is_a_plain_soap_fault(simulator: XtaSimulator, portal: Any) -> None:
    simulator.steuere({"checkAccountActive": [{"kode": "Sender"}, {"art": "soap_fehler", "text": "Kaputt."}]})
    eins, zwei = (portal.rufe("checkAccountActive") for _ in range(2))
    assert [antwort.finde("//s:Code/s:Value").text for antwort in (eins, zwei)] == ["soap:Sender", "soap:Receiver"]
    assert zwei.finde("//s:Reason/s:Text").text == "Kaputt."
    assert eins.alle("//s:Detail") == []


@pytest.mark.parametrize("status", [401, 403, 404, 408, 413, 429, 500, 503])
def test_http_answers_are_html(simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, status: int) -> None:
    simulator.steuere({"*": {"http": status, "retry_after": 30}})
    antwort = portal.rufe("checkAccountActive")
    assert antwort.status == status
    assert antwort.umschlag.startswith(b"<!doctype html>")
    assert antwort.kopfzeilen["retry-after"] == "30"
    assert aktiv(portal) == "200"


def test_accounts_can_be_locked_and_changed_while_it_runs(simulator: XtaSimulator, portal: Any, leser: Any) -> None:
    simulator.steuere({"konten": {"leser": {"gesperrt": True}, "portal": {"gebucht": []}}})
    assert aktiv(leser) == "9011"
    assert portal.sende()[1].fehlernummer == "9013"
    simulator.steuere({"konten": {"leser": {"gesperrt": False}, "portal": {"gebucht": None}}})
    assert portal.sende()[1].status == 200
    simulator.steuere({"konten": {"leser": {"kennungen": ["wgb:130030000000"]}}})
    with pytest.raises(ConfigError, match="steht bei"):
        simulator.steuere({"konten": {"leser": {"kennungen": ["gae:portal"]}}})
    assert leser.ids() == [], "the identity is not ours any more"


def test_a_report_says_what_was_ordered(simulator: XtaSimulator, portal: Any, leser: Any) -> None:
    kennung, _ = portal.sende()
    leser.schliesse(kennung)
    bericht = portal.bericht(kennung)
    assert [element.text for element in bericht.alle("//x:InfoList/x:Info/x:Code/code")] == [
        "ANGENOMMEN",
        "ZUGESTELLT",
        "ABGEHOLT",
    ]
    simulator.steuere(
        {
            "bericht": {
                "nachricht": kennung,
                "status": 3,
                "eintraege": [
                    {"stufe": "fehler", "code": "X1", "text": "Nicht zustellbar", "liste": "urn:l", "version": "7"},
                    {"stufe": "warnung", "code": "W", "text": "Vorsicht"},
                ],
                "berichte": [{"art": "Laufzettel", "text": "<zettel/>"}],
            }
        }
    )
    bericht = portal.bericht(kennung)
    assert bericht.finde("//x:MessageStatus/x:Status").text == "3"
    assert bericht.finde("//x:ErrorList/x:Error/x:Reason").text == "Nicht zustellbar"
    assert bericht.finde("//x:ErrorList/x:Error/x:Code").attrib == {"listURI": "urn:l", "listVersionID": "7"}
    assert bericht.finde("//x:WarnList/x:Warning/x:Code/code").text == "W"
    assert bericht.finde("//x:AdditionalReports/x:Report/x:Key/code").text == "Laufzettel"
    assert list(bericht.teile.values()) == [b"<zettel/>"], "its content may be a MIME part"


def test_a_report_can_be_ordered_for_messages_to_come(simulator: XtaSimulator, portal: Any) -> None:
    simulator.steuere({"bericht": {"status": 2, "mal": 2}})
    stande = [portal.bericht(portal.sende()[0]).finde("//x:Status").text for _ in range(3)]
    assert stande == ["2", "2", "0"]


@pytest.mark.shared
def test_ordered_answers_are_valid(simulator: XtaSimulator, portal: Any, xta_schema_pruefer: Any) -> None:
    simulator.steuere({"bericht": {"status": 3, "eintraege": [{"stufe": "fehler"}], "berichte": [{"text": "a"}]}})
    kennung, _ = portal.sende()
    xta_schema_pruefer(portal.bericht(kennung).umschlag)
    simulator.steuere({"checkAccountActive": [{"kode": "Sender"}, {"fehler": "9000", "mehrteilig": True}]})
    for _ in range(2):
        xta_schema_pruefer(portal.rufe("checkAccountActive").umschlag)


def test_a_mailbox_is_filled_at_once(simulator: XtaSimulator, leser: Any) -> None:
    stand = simulator.steuere({"fuellen": {"leser": LESER, "anzahl": 250, "bytes": 10}})
    assert (stand["gefuellt"], stand["konten"]["leser"]["wartend"]) == (250, 250)
    antwort = leser.liste(hoechstens=100)
    assert antwort.finde("//o:ItemsPending").text == "150"
    eigene = simulator.fuelle(
        LESER, 2, lambda nr: [Beilage(b"<a/>"), Beilage(b"%d" % nr, "text/plain", f"{nr}.txt")], autor="gae:portal"
    )
    assert [leser.hole(kennung).inhalte() for kennung in eigene] == [[b"<a/>", b"0"], [b"<a/>", b"1"]]
    assert leser.schliesse(*eigene).status == 200
    assert all(zeile.unversehrt for zeile in bestand(simulator.ordner))


@pytest.mark.shared
def test_filled_in_messages_are_valid(simulator: XtaSimulator, leser: Any, xta_schema_pruefer: Any) -> None:
    (kennung,) = simulator.fuelle(LESER, 1)
    xta_schema_pruefer(leser.liste().umschlag)
    xta_schema_pruefer(leser.hole(kennung).umschlag)


def test_files_are_sent_over_the_real_way(simulator: XtaSimulator, leser: Any, tmp_path: Path) -> None:
    (tmp_path / "antrag.xml").write_bytes(b"<antrag/>")
    (tmp_path / "lohn.pdf").write_bytes(b"%PDF-1")
    dateien = [str(tmp_path / name) for name in ("antrag.xml", "lohn.pdf")]
    worte = ["senden", *dateien, "--von", "portal", "--an", LESER, "--anzahl", "2", "--echt", "--dienst", "urn:d"]
    ergebnis = befehl(simulator, *worte, "--nachrichtentyp", "a.b.2")
    assert ergebnis.exit_code == 0, ergebnis.output
    kennungen = ergebnis.output.split()
    assert leser.ids() == kennungen
    geholt = leser.hole(kennungen[0])
    assert geholt.inhalte() == [b"<antrag/>", b"%PDF-1"]
    assert [element.get("contentType") for element in geholt.alle("//x:Message | //x:Attachment")] == [
        "application/xml",
        "application/pdf",
    ]
    assert geholt.finde("//m:Service").text == "urn:d"
    assert geholt.finde("//m:MessageType/code").text == "a.b.2"
    assert geholt.finde("//m:MessageMetaData").get("TestMsg", "false") == "false"
    direkt = befehl(simulator, *worte, "--direkt")
    assert "2 Nachrichten ins Postfach" in direkt.output
    assert len(leser.ids()) == 4


@pytest.mark.parametrize(
    ("worte", "erwartet"),
    [
        (["gibtsnicht.xml", "--von", "portal", "--an", LESER], "gibt es nicht"),
        ([__file__, "--von", "portall", "--an", LESER], "Das Konto portall gibt es nicht. Es gibt: leser"),
        ([__file__, "--von", "portal", "--an", "wbs:1"], "xta.9032"),
        ([__file__, "--von", "gesperrt", "--an", LESER], "xta.9011"),
    ],
)
def test_what_cannot_be_sent_is_explained(simulator: XtaSimulator, worte: list[str], erwartet: str) -> None:
    ergebnis = befehl(simulator, "senden", *worte)
    assert ergebnis.exit_code == 3
    assert erwartet in ergebnis.output
    assert bestand(simulator.ordner) == []


def test_orders_from_another_process_reach_the_folder_only(simulator: XtaSimulator, tmp_path: Path) -> None:
    assert steuere(simulator.ordner, {"zeige": True})["tls"] == "normal"
    simulator.stop()
    with pytest.raises(ConfigError, match="läuft kein Simulator"):
        steuere(simulator.ordner, {"zeige": True})
