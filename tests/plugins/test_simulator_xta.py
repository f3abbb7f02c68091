"""The simulator of XTA mailboxes over real TLS: every operation, its refusals, and what stays on disk."""

from __future__ import annotations

import base64
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator import Einstellungen, XtaSimulator, bestand

LESER = "wbs:130030000000"


def test_a_message_goes_the_whole_way(simulator: XtaSimulator, portal: Any, leser: Any) -> None:
    inhalte = [b"<antrag/>", bytes(range(256)) * 300, b""]
    kennung, gesendet = portal.sende(inhalte)
    assert gesendet.status == 200
    assert portal.bericht(kennung).finde("//x:MessageStatus/x:Status").text == "0"
    assert leser.ids() == [kennung]
    geholt = leser.hole(kennung)
    assert geholt.inhalte() == inhalte
    assert geholt.finde("/s:Envelope/s:Header/m:MessageMetaData").get("TestMsg") == "true"
    assert geholt.alle("//x:Message/@size | //x:Attachment/@size") == ["9", "76800"], "an empty part has no size"
    assert leser.schliesse(kennung).status == 200
    assert leser.ids() == []
    assert portal.bericht(kennung).finde("//x:MessageStatus/x:Status").text == "1"


def test_fetching_changes_nothing_until_the_close(portal: Any, leser: Any) -> None:
    kennung, _ = portal.sende()
    for _ in range(3):
        assert leser.hole(kennung).status == 200
    assert leser.ids() == [kennung]
    assert leser.ids(selektor='<o:MsgSelector newEntry="true"/>') == [kennung]
    assert portal.bericht(kennung).alle("//m:InitialFetch") == []


def test_times_and_sizes_stand_in_the_metadata(portal: Any, leser: Any) -> None:
    kennung, _ = portal.sende([b"12345", b"678"])
    geholt = leser.hole(kennung)
    namen = [element.tag.rpartition("}")[2] for element in geholt.finde("//m:DeliveryAttributes")]
    assert namen == ["Origin", "InitialSend", "Delivery"]
    assert geholt.finde("//m:MessageMetaData/m:MsgSize").text == "8"
    leser.schliesse(kennung)
    namen = [element.tag.rpartition("}")[2] for element in portal.bericht(kennung).finde("//m:DeliveryAttributes")]
    assert namen == ["Origin", "InitialSend", "Delivery", "InitialFetch"]


def test_answers_carry_the_addressing_of_their_request(xta_gegenstelle: ModuleType, portal: Any) -> None:
    _, action = xta_gegenstelle.ACTIONS["checkAccountActive"]
    wsa = f"<w:Action>{action}</w:Action><w:MessageID>urn:uuid:meine</w:MessageID>"
    antwort = portal.rufe("checkAccountActive", wsa=wsa)
    assert antwort.status == 200
    assert antwort.finde("/s:Envelope/s:Header/w:Action").text == action
    assert antwort.finde("/s:Envelope/s:Header/w:RelatesTo").text == "urn:uuid:meine"
    assert len(antwort.finde("/s:Envelope/s:Body")) == 0


def test_default_namespaces_are_understood_and_kept(xta_gegenstelle: ModuleType, portal: Any, leser: Any) -> None:
    _, action = xta_gegenstelle.ACTIONS["checkAccountActive"]
    raum = 'xmlns="http://www.w3.org/2005/08/addressing"'
    wsa = f"<Action {raum}>{action}</Action><MessageID {raum}>urn:uuid:a</MessageID>"
    assert portal.rufe("checkAccountActive", wsa=wsa).status == 200
    kennung = portal.neue_id()
    kopf = xta_gegenstelle.metadaten(kennung, "gae:portal", LESER).replace("<m:", "<").replace("</m:", "</")
    kopf = kopf.replace("<MessageMetaData", '<MessageMetaData xmlns="http://www.osci.eu/ws/2014/10/transport"')
    kopf = kopf.replace("<code>", '<code xmlns="">')
    rumpf = xta_gegenstelle.behaelter(["QUJD"]).replace("x:", "")
    rumpf = rumpf.replace(
        "<GenericContentContainer", '<GenericContentContainer xmlns="http://xoev.de/transport/xta/211"'
    )
    assert portal.rufe("sendMessage", rumpf, kopf=kopf).status == 200
    assert leser.hole(kennung).inhalte() == [b"ABC"]


@pytest.mark.parametrize("einfach", [True, False])
@pytest.mark.parametrize("zitiert", [True, False])
@pytest.mark.parametrize("gestueckelt", [True, False])
def test_all_packagings_of_a_request_are_understood(
    portal: Any, leser: Any, einfach: bool, zitiert: bool, gestueckelt: bool
) -> None:
    antwort = portal.rufe("checkAccountActive", einfach=einfach, zitiert=zitiert, gestueckelt=gestueckelt)
    assert antwort.status == 200


def test_plain_base64_is_taken_with_line_breaks(xta_gegenstelle: ModuleType, portal: Any, leser: Any) -> None:
    inhalte = [b"<antrag/>", bytes(range(256)) * 1000, b""]
    kennung = portal.neue_id()
    rumpf = xta_gegenstelle.behaelter(base64.encodebytes(inhalt).decode() for inhalt in inhalte)
    kopf = xta_gegenstelle.metadaten(kennung, "gae:portal", LESER)
    assert portal.rufe("sendMessage", rumpf, kopf=kopf, einfach=True).status == 200
    assert leser.hole(kennung).inhalte() == inhalte


@pytest.mark.parametrize("text", ["QUJ", "QQ==QUJD", "Q!==", "QUJD=", "ä"])
def test_broken_base64_is_refused(xta_gegenstelle: ModuleType, portal: Any, text: str) -> None:
    kopf = xta_gegenstelle.metadaten(portal.neue_id(), "gae:portal", LESER)
    antwort = portal.rufe("sendMessage", xta_gegenstelle.behaelter([text]), kopf=kopf, einfach=True)
    assert antwort.status == 500
    assert antwort.finde("//s:Fault/s:Code/s:Value").text == "soap:Sender"


def test_encrypted_content_passes_through_unread(xta_gegenstelle: ModuleType, portal: Any, leser: Any) -> None:
    kennung = portal.neue_id()
    rumpf = (
        '<x:GenericContentContainer><e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherData>'
        '<e:CipherValue><i:Include href="cid:c@test"/></e:CipherValue></e:CipherData></e:EncryptedData>'
        "</x:GenericContentContainer>"
    )
    kopf = xta_gegenstelle.metadaten(kennung, "gae:portal", LESER)
    assert portal.rufe("sendMessage", rumpf, kopf=kopf, teile=[("c@test", b"geheim")]).status == 200
    geholt = leser.hole(kennung)
    assert list(geholt.teile.values()) == [b"geheim"]
    assert geholt.alle("//*[local-name()='CipherValue']/i:Include/@href") == [f"cid:{next(iter(geholt.teile))}"]


def test_the_list_is_paged_and_says_what_is_left(portal: Any, leser: Any) -> None:
    kennungen = [portal.sende()[0] for _ in range(5)]
    erste = leser.liste(hoechstens=2)
    assert [element.text for element in erste.alle("//m:MsgIdentification/w:MessageID")] == kennungen[:2]
    assert erste.finde("//o:MsgBoxResponse/o:ItemsPending").text == "3"
    assert leser.liste(hoechstens=5).finde("//o:MsgBoxResponse/o:ItemsPending").text == "0"


def test_an_empty_box_says_why(leser: Any) -> None:
    leer = leser.liste()
    assert leer.status == 200
    assert leer.finde("//o:MsgBoxResponse/o:NoMessageAvailable").get("reason").endswith("/reasons/NoMatch")
    assert len(leer.finde("//o:MsgStatusList")) == 0
    verkehrt = leser.liste(
        selektor="<o:MsgSelector><o:MsgBoxEntryTimeFrom>2026-02-01T00:00:00Z</o:MsgBoxEntryTimeFrom>"
        "<o:MsgBoxEntryTimeTo>2026-01-01T00:00:00Z</o:MsgBoxEntryTimeTo></o:MsgSelector>"
    )
    assert verkehrt.finde("//o:NoMessageAvailable").get("reason").endswith("/reasons/SearchArgsInvalid")


def test_the_selector_narrows_by_id_and_by_time(portal: Any, leser: Any) -> None:
    kennungen = [portal.sende()[0] for _ in range(3)]
    nach_id = f"<o:MsgSelector><w:MessageID>{kennungen[1].upper()}</w:MessageID></o:MsgSelector>"
    assert leser.ids(selektor=nach_id) == [kennungen[1]], "ids compare without regard to case"
    zugestellt = leser.liste().alle("//m:Delivery")[1].text
    ab = f"<o:MsgSelector><o:MsgBoxEntryTimeFrom>{zugestellt}</o:MsgBoxEntryTimeFrom></o:MsgSelector>"
    bis = f"<o:MsgSelector><o:MsgBoxEntryTimeTo>{zugestellt}</o:MsgBoxEntryTimeTo></o:MsgSelector>"
    assert leser.ids(selektor=ab) == kennungen[1:]
    assert leser.ids(selektor=bis) == kennungen[:2]


def test_the_attribute_form_lists_sizes(portal: Any, leser: Any) -> None:
    kennung, _ = portal.sende([b"12345"])
    eintrag = leser.liste(form="MsgAtrributes").finde("//o:MsgStatusList/o:MsgAttributes")
    werte = {element.tag.rpartition("}")[2]: element.text for element in eintrag}
    assert werte["MessageID"] == kennung
    assert werte["MsgSize"] == "5"


def test_a_close_is_all_or_nothing_and_once(portal: Any, leser: Any) -> None:
    eins, zwei = portal.sende()[0], portal.sende()[0]
    assert leser.schliesse(eins, "urn:de:xta:messageid:portal:unbekannt").fehlernummer == "9070"
    assert leser.ids() == [eins, zwei]
    assert leser.schliesse(eins, zwei).status == 200
    assert leser.schliesse(eins).fehlernummer == "9070"
    assert leser.hole(eins).fehlernummer == "9070"


def test_the_strict_server_wants_its_own_request_id(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    with (
        XtaSimulator(tmp_path, xta_gegenstelle.KONTEN, einstellungen=Einstellungen(streng=True)) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        kennung, _ = portal.sende()
        assert leser.schliesse(kennung, abfrage="1").status == 500
        assert leser.ids() == [kennung]
        abfrage = leser.hole(kennung).finde("//o:MsgBoxResponse").get("MsgBoxRequestID")
        assert leser.schliesse(kennung, abfrage=abfrage).status == 200
        assert leser.rufe("checkAccountActive", kopf="").fehlernummer == "9020"


def test_a_server_may_hide_what_was_fetched(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    with (
        XtaSimulator(tmp_path, xta_gegenstelle.KONTEN, einstellungen=Einstellungen(nur_neue=True)) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        kennung, _ = portal.sende()
        leser.hole(kennung)
        assert leser.ids() == []
        assert leser.ids(selektor='<o:MsgSelector newEntry="false"/>') == [kennung]


def test_a_message_is_held_until_its_time(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    uhr = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
    XtaSimulator(tmp_path, xta_gegenstelle.KONTEN).__enter__().stop()  # the certificates need the true time
    with (
        XtaSimulator(tmp_path, xta_gegenstelle.KONTEN, jetzt=lambda: uhr[0]) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
    ):
        kennung, _ = portal.sende(zusatz="<m:NotBefore>2026-11-02T09:00:00Z</m:NotBefore>")
        postfach = simulator.dienst.postfach
        assert postfach.offene([LESER]) == []
        uhr[0] += timedelta(hours=1)
        assert [nachricht.id for nachricht in postfach.offene([LESER])] == [kennung]


def test_the_folder_alone_tells_the_balance(simulator: XtaSimulator, portal: Any, leser: Any) -> None:
    offen, _ = portal.sende([b"eins", b"zwei"], test="false")
    zu, _ = portal.sende([b"drei"])
    portal.neue_id()
    leser.schliesse(zu)
    simulator.stop()
    zeilen = bestand(simulator.ordner)
    assert [(zeile.id, zeile.leser, zeile.test, zeile.geschlossen is None) for zeile in zeilen] == [
        (offen, LESER, False, True),
        (zu, LESER, True, False),
    ]
    assert zeilen[0].sha256 == (hashlib.sha256(b"eins").hexdigest(), hashlib.sha256(b"zwei").hexdigest())
    assert zeilen[1].sha256 == (hashlib.sha256(b"drei").hexdigest(),)
    assert all(zeile.unversehrt for zeile in zeilen)
    dateien = {pfad.name for pfad in (simulator.ordner / "nachrichten" / zu.rpartition(":")[2]).iterdir()}
    assert dateien == {"nachricht.json", "metadaten.xml", "geschlossen.json"}, "close deletes the content"
    (teil,) = (simulator.ordner / "nachrichten" / offen.rpartition(":")[2]).glob("teil-0001")
    teil.write_bytes(b"einz")
    assert [zeile.unversehrt for zeile in bestand(simulator.ordner)] == [False, True]


def test_a_restart_keeps_messages_ids_and_certificates(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    with (
        XtaSimulator(tmp_path, xta_gegenstelle.KONTEN) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        offen, zu, frei = portal.sende([b"bleibt"])[0], portal.sende()[0], portal.neue_id()
        leser.schliesse(zu)
        zertifikat = simulator.zugang("leser").zertifikat.read_bytes()
        with pytest.raises(ConfigError, match="läuft schon"):
            XtaSimulator(tmp_path, xta_gegenstelle.KONTEN).start()
    assert not (tmp_path / "simulator.json").exists()
    with (
        XtaSimulator(tmp_path, xta_gegenstelle.KONTEN) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        assert simulator.zugang("leser").zertifikat.read_bytes() == zertifikat
        assert leser.ids() == [offen]
        assert leser.hole(offen).inhalte() == [b"bleibt"]
        assert leser.schliesse(zu).fehlernummer == "9070"
        assert portal.sende(kennung=zu)[1].fehlernummer == "9024"
        assert portal.bericht(zu).finde("//x:Status").text == "1"
        assert portal.sende(kennung=frei)[1].status == 200


def test_many_threads_send_and_close_without_loss_or_doubles(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType
) -> None:
    def sende(nummer: int) -> list[str]:
        with xta_gegenstelle.Gegenstelle(simulator, "portal") as client:
            return [client.sende([b"%d-%d" % (nummer, lauf)])[0] for lauf in range(8)]

    def schliesse(kennungen: list[str]) -> list[str]:
        with xta_gegenstelle.Gegenstelle(simulator, "leser") as client:
            return [kennung for kennung in kennungen if client.schliesse(kennung).status == 200]

    with ThreadPoolExecutor(8) as pool:
        gesendet = [kennung for kennungen in pool.map(sende, range(6)) for kennung in kennungen]
        geschlossen = [kennung for teil in pool.map(schliesse, [gesendet] * 4) for kennung in teil]
    assert len(set(gesendet)) == 48
    assert sorted(geschlossen) == sorted(gesendet), "each is closed by exactly one"
    zeilen = bestand(simulator.ordner)
    assert {zeile.sha256[0] for zeile in zeilen} == {
        hashlib.sha256(b"%d-%d" % (nummer, lauf)).hexdigest() for nummer in range(6) for lauf in range(8)
    }
    assert all(zeile.geschlossen for zeile in zeilen)


def test_one_id_sent_at_once_is_accepted_once(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    with xta_gegenstelle.Gegenstelle(simulator, "portal") as client:
        kennung = client.neue_id()

    def sende(nummer: int) -> str:
        with xta_gegenstelle.Gegenstelle(simulator, "portal") as client:
            return str(client.sende([b"%d" % nummer], kennung=kennung)[1].fehlernummer)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(sende, range(6))) == ["", *["9024"] * 5]
    assert len(bestand(simulator.ordner)) == 1


def test_the_log_holds_ids_and_codes_but_no_content(portal: Any, leser: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        kennung, _ = portal.sende([b"<name>Erika Kanarienvogel</name>"])
        leser.hole(kennung)
        leser.schliesse(kennung, "Kanarienvogel")
    eigene = [eintrag.getMessage() for eintrag in caplog.records if eintrag.name.startswith("fachwerk")]
    assert any(f"sendMessage konto=portal status=200 id={kennung} bytes=32" in zeile for zeile in eigene)
    assert any("close konto=leser status=500 fehler=9070" in zeile for zeile in eigene)
    assert not [zeile for zeile in eigene if "Kanarienvogel" in zeile or "Prüfung" in zeile]
