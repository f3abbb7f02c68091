"""The simulator can be in a bad mood: every fault is really on the wire, and only as often as asked for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator import Einstellungen, XtaSimulator, bestand
from fachwerk_generic_xta.simulator.temperament import lies_temperament, pruefe_laune

KONTEN = {"konten": {"leser": {"kennungen": ["wbs:130030000000"]}, "portal": {"kennungen": ["gae:portal"]}}}
INHALTE = [b"<antrag/>", b"anlage" * 1000]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[XtaSimulator]:
    with XtaSimulator(tmp_path, KONTEN) as laufend:
        yield laufend


@pytest.fixture
def portal(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> Iterator[Any]:
    with xta_gegenstelle.Gegenstelle(simulator, "portal") as client:
        yield client


@pytest.fixture
def roh(simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any) -> Iterator[Callable[[], httpx.Response]]:
    """Fetch the one waiting message and return the raw HTTP answer."""
    kennung, _ = portal.sende(INHALTE)
    _, action = xta_gegenstelle.ACTIONS["getMessage"]
    with xta_gegenstelle.Gegenstelle(simulator, "leser") as leser:
        rumpf = f"<o:MsgBoxFetchRequest><o:MsgSelector><w:MessageID>{kennung}</w:MessageID></o:MsgSelector>"
        umschlag = leser.umschlag(action, rumpf + "</o:MsgBoxFetchRequest>")
        kopf = {"Content-Type": f'application/soap+xml; action="{action}"'}
        yield lambda: leser.client.post(leser.urls["msgbox"], content=umschlag, headers=kopf)


@pytest.mark.parametrize("art", ["cid_prozent", "wurzel_zuletzt", "inline_base64", "gestueckelt"])
def test_lawful_moods_lose_nothing(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, roh: Callable[[], httpx.Response], art: str
) -> None:
    simulator.temperament.setze("getMessage", art)
    antwort = roh()
    assert antwort.status_code == 200
    assert ("transfer-encoding" in antwort.headers) == (art == "gestueckelt")
    gelesen = xta_gegenstelle.lies_antwort(antwort)
    if art == "inline_base64":
        texte = [element.text for element in gelesen.alle("//x:Message | //x:Attachment")]
        assert [base64.b64decode(text) for text in texte] == INHALTE
    else:
        assert gelesen.inhalte() == INHALTE
    if art == "cid_prozent":
        assert "%2F100%25%2B" in gelesen.alle("//i:Include/@href")[0]
    if art == "wurzel_zuletzt":
        assert antwort.content.index(b"Envelope") > antwort.content.index(b"anlageanlage")


def test_a_cut_answer_is_short_although_http_is_complete(
    simulator: XtaSimulator, roh: Callable[[], httpx.Response]
) -> None:
    ganz = roh().content
    simulator.temperament.setze("getMessage", "abgeschnitten")
    kurz = roh().content
    grenze = ganz[2 : ganz.index(b"\r\n", 2)]
    assert not kurz.rstrip().endswith(b"--")
    assert kurz.endswith((b"anlage" * 1000)[:-10][-50:])
    assert len(ganz) - len(kurz) == len(grenze) + 6 + 10
    simulator.temperament.setze("getMessage", "ohne_schlussgrenze")
    assert roh().content.endswith(b"anlage")


def test_parts_can_be_missing_or_misnamed(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, roh: Callable[[], httpx.Response]
) -> None:
    simulator.temperament.setze("getMessage", "ohne_teil")
    ohne = xta_gegenstelle.lies_antwort(roh())
    assert len(ohne.teile) == 1
    assert len(ohne.alle("//i:Include")) == 2
    simulator.temperament.setze("getMessage", "falsche_cid")
    falsch = xta_gegenstelle.lies_antwort(roh())
    verweise = {verweis.removeprefix("cid:") for verweis in falsch.alle("//i:Include/@href")}
    assert len(falsch.teile) == 2
    assert len(verweise & set(falsch.teile)) == 1
    simulator.temperament.setze("getMessage", "falsche_groesse")
    assert xta_gegenstelle.lies_antwort(roh()).alle("//@size") == ["9", "6001"]


def test_two_parts_can_have_one_name(simulator: XtaSimulator, roh: Callable[[], httpx.Response]) -> None:
    simulator.temperament.setze("getMessage", "doppelte_cid")
    kennungen = re.findall(rb"Content-ID: <([^>]+)>", roh().content)
    assert len(kennungen) == 4
    assert len(set(kennungen)) == 3


def test_the_envelope_can_be_broken(simulator: XtaSimulator, roh: Callable[[], httpx.Response]) -> None:
    simulator.temperament.setze("getMessage", "kaputtes_xml")
    inhalt = roh().content
    assert b"<soap:Envelope" in inhalt
    assert b"</soap:Envelope>" not in inhalt


def test_an_answer_can_take_longer_than_the_client_waits(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    simulator.temperament.setze("createMessageId", "langsam", sekunden=600, mal=None)
    with xta_gegenstelle.Gegenstelle(simulator, "portal") as portal:
        portal.client.timeout = httpx.Timeout(30, read=0.2)
        with pytest.raises(httpx.ReadTimeout):
            portal.neue_id()
    simulator.stop()
    assert len(list((simulator.ordner / "kennungen").iterdir())) == 1, "the work was done"


def test_an_answer_can_drip(simulator: XtaSimulator, roh: Callable[[], httpx.Response]) -> None:
    ganz = len(roh().content)
    simulator.temperament.setze("getMessage", "tropfend", bytes_je_sekunde=200_000)
    assert len(roh().content) == ganz


def test_a_body_can_break_off_after_so_many_bytes(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any
) -> None:
    kennung, _ = portal.sende([b"x" * 500_000])
    simulator.temperament.setze("getMessage", "abbruch_im_rumpf", bytes=300_000)
    _, action = xta_gegenstelle.ACTIONS["getMessage"]
    with xta_gegenstelle.Gegenstelle(simulator, "leser") as leser:
        rumpf = f"<o:MsgBoxFetchRequest><o:MsgSelector><w:MessageID>{kennung}</w:MessageID></o:MsgSelector>"
        umschlag = leser.umschlag(action, rumpf + "</o:MsgBoxFetchRequest>")
        kopf = {"Content-Type": "application/soap+xml"}
        gelesen: list[bytes] = []
        with leser.client.stream("POST", leser.urls["msgbox"], content=umschlag, headers=kopf) as antwort:
            strom = antwort.iter_raw()
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                gelesen.extend(strom)
    assert 0 < sum(map(len, gelesen)) <= 300_000


@pytest.mark.parametrize(
    ("einstellungen", "mehrteilig", "leer_mehrteilig", "gestueckelt"),
    [
        (Einstellungen(), True, True, False),
        (Einstellungen(mtom="auto"), True, False, False),
        (Einstellungen(mtom="nie"), False, False, False),
        (Einstellungen(gestueckelt=True), True, True, True),
    ],
)
def test_the_packaging_of_answers_can_be_chosen(
    tmp_path: Path,
    xta_gegenstelle: ModuleType,
    einstellungen: Einstellungen,
    mehrteilig: bool,
    leer_mehrteilig: bool,
    gestueckelt: bool,
) -> None:
    with (
        XtaSimulator(tmp_path, KONTEN, einstellungen=einstellungen) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        kennung, gesendet = portal.sende(INHALTE)
        geholt = leser.hole(kennung)
    for antwort, erwartet in ((gesendet, leer_mehrteilig), (geholt, mehrteilig)):
        assert antwort.kopfzeilen["content-type"].startswith("multipart/") == erwartet
        assert ("transfer-encoding" in antwort.kopfzeilen) == gestueckelt
    if mehrteilig:
        assert geholt.inhalte() == INHALTE
    else:
        texte = [element.text for element in geholt.alle("//x:Message | //x:Attachment")]
        assert [base64.b64decode(text) for text in texte] == INHALTE


def test_a_doctype_can_be_sent(simulator: XtaSimulator, roh: Callable[[], httpx.Response]) -> None:
    simulator.temperament.setze("getMessage", "doctype")
    assert b"<!DOCTYPE Envelope [<!ENTITY" in roh().content


def test_faults_and_http_errors_do_nothing(simulator: XtaSimulator, portal: Any) -> None:
    kennung = portal.neue_id()
    simulator.temperament.setze("sendMessage", "fehler", fehler="9030", mal=2)
    antworten = [portal.sende(kennung=kennung)[1] for _ in range(2)]
    assert [(antwort.status, antwort.fehlernummer) for antwort in antworten] == [(500, "9030")] * 2
    simulator.temperament.setze("sendMessage", "http", http=503)
    antwort = portal.client.post(portal.urls["send"], content=b"", headers={"Content-Type": "application/soap+xml"})
    assert antwort.status_code == 500, "only a request that can be read has an operation"
    stoerung = portal.sende(kennung=kennung)[1]
    assert (stoerung.status, stoerung.kopfzeilen["content-type"]) == (503, "text/html; charset=utf-8")
    assert bestand(simulator.ordner) == []
    assert portal.sende(kennung=kennung)[1].status == 200


def test_a_lost_answer_after_sending_means_accepted(simulator: XtaSimulator, portal: Any) -> None:
    kennung = portal.neue_id()
    simulator.temperament.setze("sendMessage", "abbruch_vorher")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        portal.sende(kennung=kennung)
    assert bestand(simulator.ordner) == []
    simulator.temperament.setze("sendMessage", "abbruch_nach_senden")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        portal.sende(kennung=kennung)
    assert [zeile.id for zeile in bestand(simulator.ordner)] == [kennung]
    assert portal.sende(kennung=kennung)[1].fehlernummer == "9024"


def test_a_body_can_break_off(simulator: XtaSimulator, roh: Callable[[], httpx.Response]) -> None:
    simulator.temperament.setze("getMessage", "abbruch_im_rumpf")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        roh()
    assert roh().status_code == 200


def test_the_file_is_read_again_when_it_changes(simulator: XtaSimulator, portal: Any) -> None:
    datei = simulator.ordner / "temperament.json"
    datei.write_text(json.dumps({"checkAccountActive": {"fehler": "9011", "mal": 2}}))
    assert [portal.rufe("checkAccountActive").fehlernummer for _ in range(3)] == ["9011", "9011", ""]
    datei.write_text(json.dumps({"*": {"fehler": "9031", "mal": None}}))
    assert [portal.rufe(vorgang).fehlernummer for vorgang in ("checkAccountActive", "createMessageId")] == ["9031"] * 2
    datei.write_text("{")
    assert portal.rufe("checkAccountActive").fehlernummer == "9030", "a broken file must not pass unnoticed"
    datei.unlink()
    assert portal.rufe("checkAccountActive").status == 200


def test_the_table_can_be_cleared(simulator: XtaSimulator, portal: Any) -> None:
    simulator.temperament.setze("*", "fehler", fehler="9030", mal=None)
    assert portal.rufe("checkAccountActive").status == 500
    simulator.temperament.beruhige()
    assert portal.rufe("checkAccountActive").status == 200


@pytest.mark.parametrize(
    "angaben",
    [
        [],
        {"art": "boese"},
        {"art": "fehler"},
        {"fehler": "1234"},
        {"http": 200},
        {"art": "doctype", "mal": 0},
        {"art": "doctype", "mahl": 1},
    ],
)
def test_nonsense_is_refused(angaben: Any) -> None:
    with pytest.raises(ConfigError):
        pruefe_laune(angaben)


@pytest.mark.parametrize("text", ["{", "[]", '"a"', '{"a": 1}'])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(ConfigError):
        lies_temperament(tmp_path / "t.json")
