"""The SOAP way against the invented service: real TLS on loopback, every answer and every missing answer."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from prosoz_welt import PDF, SCHLUESSEL, Lieferwelt, beispielprofil, soapwelt

from fachwerk.errors import (
    ConfigError,
    FachwerkError,
    NeedsHumanError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
)
from fachwerk.modell import GehaltenFuer, Stufe
from fachwerk_prosoz.simulator import SoapSimulator
from fachwerk_prosoz.transportweg import Lader, lade_wsdl

KIND = Path(__file__).with_name("prosoz_kind.py")
ALLES_MOEGLICHE = ("schluessel", "abfrage", "keins")


@pytest.fixture(scope="module")
def dienst(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoapSimulator]:
    with SoapSimulator(tmp_path_factory.mktemp("soap"), eindeutig=True) as laufend:
        yield laufend


@pytest.fixture
def partner(dienst: SoapSimulator) -> SoapSimulator:
    dienst.launen.setze("normal")
    (dienst.ordner / "faelle.jsonl").unlink(missing_ok=True)
    return dienst


@pytest.fixture
def lieferwelt(partner: SoapSimulator, tmp_path: Path) -> Lieferwelt:
    return soapwelt(tmp_path, partner.einstellungen())


def stelle_um(lieferwelt: Lieferwelt, modus: str, **uebergabe: Any) -> None:
    """``schluessel``: the key works, no question; ``abfrage``: a question, no working key; ``keins``: neither."""
    profil = beispielprofil("soap")
    profil["uebergabe"] |= {"schluessel_wirkt": modus == "schluessel", **uebergabe}
    if modus != "abfrage":
        del profil["nachfrage"]
    lieferwelt.profil(profil)


def fehler_von(lieferwelt: Lieferwelt) -> FachwerkError:
    with pytest.raises(FachwerkError) as fehler:
        lieferwelt.liefere()
    return fehler.value


# -- the good day ------------------------------------------------------------------------------------------------


def test_a_case_arrives_with_fields_and_documents(lieferwelt: Lieferwelt, partner: SoapSimulator) -> None:
    quittung = lieferwelt.liefere()
    [fall] = partner.faelle.alle()
    assert (quittung.stufe, quittung.kennung) == (Stufe.UEBERGEBEN, fall["fallnummer"])
    assert (fall["schluessel"], fall["leistung"], fall["person"]) == (SCHLUESSEL, "MIETE", "Mücke-Żółć")
    assert [dokument["name"] for dokument in fall["dokumente"]] == ["Antrag im Original", "Antrag", "Mietvertrag"]
    erwartet = {teil.sha256 for anlage in lieferwelt.sendung().anlagen[:-1] if (teil := anlage.teil)}
    assert {dokument["sha256"] for dokument in fall["dokumente"]} == erwartet


def test_the_question_says_when_it_was_taken_over(lieferwelt: Lieferwelt) -> None:
    assert lieferwelt.finde() is None
    uebergeben = lieferwelt.liefere()
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert (gefunden.stufe, gefunden.kennung) == (Stufe.UEBERNOMMEN, uebergeben.kennung)


def test_without_a_question_the_answer_itself_is_remembered(lieferwelt: Lieferwelt) -> None:
    stelle_um(lieferwelt, "keins")
    uebergeben = lieferwelt.liefere()
    assert lieferwelt.finde() == uebergeben


def test_neither_notes_nor_log_hold_a_name(lieferwelt: Lieferwelt) -> None:
    lieferwelt.liefere()
    alles = json.dumps([*lieferwelt.host.notizen.values(), *map(str, lieferwelt.host.protokoll)], ensure_ascii=False)
    assert "Mücke" not in alles
    assert lieferwelt.host.notizen


def test_the_key_may_be_short_and_content_may_be_text(lieferwelt: Lieferwelt, partner: SoapSimulator) -> None:
    dokumente = {**beispielprofil("soap")["uebergabe"]["dokumente"], "mit_original": False}
    stelle_um(lieferwelt, "schluessel", schluessel_form="kurz", dokumente=dokumente)
    lieferwelt.liefere()
    [fall] = partner.faelle.alle()
    assert len(fall["schluessel"]) == 16
    assert len(fall["dokumente"]) == 2


# -- lost and strange answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("laune", ["halb", "unverstaendlich", "doctype"])
@pytest.mark.parametrize("modus", ALLES_MOEGLICHE)
def test_a_lost_answer_ends_with_one_case_or_a_person(
    lieferwelt: Lieferwelt, partner: SoapSimulator, laune: str, modus: str
) -> None:
    stelle_um(lieferwelt, modus)
    partner.launen.setze(laune, 1)
    fehler = fehler_von(lieferwelt)
    assert isinstance(fehler, OutcomeUnknownError)
    if modus == "schluessel":
        assert lieferwelt.finde() is None, "the key makes a repetition harmless"
        lieferwelt.liefere()
    elif modus == "abfrage":
        gefunden = lieferwelt.finde()
        assert gefunden is not None
        assert gefunden.stufe is Stufe.UEBERNOMMEN
    else:
        with pytest.raises(NeedsHumanError) as gefragt:
            lieferwelt.finde()
        assert (gefragt.value.code, gefragt.value.fuer) == ("ausgang_unbekannt", GehaltenFuer.BETRIEB)
    assert len(partner.faelle.alle()) == 1


def test_a_service_that_died_before_storing_gets_it_again_only_when_it_cannot_be_at_work_any_more(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    stelle_um(lieferwelt, "abfrage")
    partner.launen.setze("vorher_tot", 1)
    assert isinstance(fehler_von(lieferwelt), OutcomeUnknownError)
    with pytest.raises(RetryableError) as zu_frueh:
        lieferwelt.finde()
    assert (zu_frueh.value.code, zu_frueh.value.retry_after) == ("prosoz.noch_unklar", 900)
    lieferwelt.host.vergehe(minutes=16)
    assert lieferwelt.finde() is None
    lieferwelt.liefere()
    assert len(partner.faelle.alle()) == 1


def test_a_service_that_hangs_has_stored_it_all_the_same(lieferwelt: Lieferwelt, partner: SoapSimulator) -> None:
    stelle_um(lieferwelt, "abfrage")
    lieferwelt.einstellungen["lesen_s"] = 0.5
    partner.launen.setze("haengt", 1)
    assert isinstance(fehler_von(lieferwelt), OutcomeUnknownError)
    lieferwelt.einstellungen["lesen_s"] = 20.0
    assert lieferwelt.finde() is not None
    assert len(partner.faelle.alle()) == 1


def test_a_restart_in_between_changes_nothing(tmp_path: Path) -> None:
    with SoapSimulator(tmp_path / "dienst") as erster:
        lieferwelt = soapwelt(tmp_path, erster.einstellungen())
        erster.launen.setze("halb", 1)
        fehler_von(lieferwelt)
    assert isinstance(fehler_von(lieferwelt), RetryableError), "nobody listens"
    with pytest.raises(RetryableError):
        lieferwelt.finde()
    with SoapSimulator(tmp_path / "dienst") as zweiter:
        lieferwelt.einstellungen |= zweiter.einstellungen()
        gefunden = lieferwelt.finde()
        assert gefunden is not None
        assert gefunden.kennung == "F-000001"
        assert len(zweiter.faelle.alle()) == 1


def test_a_case_that_was_confirmed_and_is_unknown_later_is_nobodys_guess(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    lieferwelt.liefere()
    (partner.ordner / "faelle.jsonl").unlink()
    noch = lieferwelt.finde()
    assert noch is not None
    assert noch.stufe is Stufe.UEBERGEBEN
    lieferwelt.host.vergehe(hours=1)
    with pytest.raises(NeedsHumanError, match="ausgang_unbekannt"):
        lieferwelt.finde()


@pytest.mark.parametrize("modus", ALLES_MOEGLICHE)
def test_what_was_certainly_not_taken_is_simply_retried(
    lieferwelt: Lieferwelt, partner: SoapSimulator, modus: str
) -> None:
    stelle_um(lieferwelt, modus)
    for laune, code in (("http503", "transport.http_spaeter"), ("ueberlastet", "prosoz.spaeter")):
        partner.launen.setze(laune, 1)
        fehler = fehler_von(lieferwelt)
        assert (type(fehler), fehler.code) == (RetryableError, code)
        assert lieferwelt.finde() is None
    lieferwelt.liefere()
    assert len(partner.faelle.alle()) == 1


@pytest.mark.parametrize(
    ("modus", "verlauf"),
    [
        ("schluessel", ["wiederholt"] * 5 + ["da"]),
        ("abfrage", ["wiederholt"] * 3 + ["da"] * 3),
        ("keins", ["wiederholt"] + ["ausgang_unbekannt"] * 4 + ["da"]),
    ],
)
def test_a_sender_killed_at_any_point_never_makes_a_second_case(tmp_path: Path, modus: str, verlauf: list[str]) -> None:
    """Points: before and after the note, the request, and the note of the answer."""
    with SoapSimulator(tmp_path / "dienst", eindeutig=modus == "schluessel") as partner:
        befehl = [sys.executable, str(KIND), "soap", str(tmp_path), json.dumps(partner.einstellungen()), modus]
        lauf = subprocess.run(befehl, capture_output=True, text=True, check=True, timeout=240)
        schluessel = [fall["schluessel"] for fall in partner.faelle.alle()]
    assert json.loads(lauf.stdout) == {"punkte": 6, "verlauf": verlauf}
    assert len(schluessel) == len(set(schluessel))
    nur_angekuendigt = 2 if modus == "keins" else 0
    assert len(schluessel) == 1 + 6 - nur_angekuendigt


# -- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("laune", "art", "code"),
    [
        ("ungueltig", PermanentError, "prosoz.fault_endgueltig"),
        ("rueckfrage", NeedsHumanError, "prosoz.fault_sachbearbeitung"),
        ("gesperrt", NeedsHumanError, "prosoz.fault_betrieb"),
        ("fault", NeedsHumanError, "prosoz.fault_unbekannt"),
    ],
)
def test_faults_mean_what_the_profile_says_and_unknown_ones_are_held(
    lieferwelt: Lieferwelt, partner: SoapSimulator, laune: str, art: type[FachwerkError], code: str
) -> None:
    partner.launen.setze(laune, 1)
    fehler = fehler_von(lieferwelt)
    assert (type(fehler), fehler.code) == (art, code)
    assert "Erfundener Fehler" not in str(fehler)
    assert "Erfundener Fehler" in getattr(fehler, "befunde")[0].text  # noqa: B009
    assert getattr(fehler, "routenfehler", False) is (laune == "gesperrt")
    assert getattr(fehler, "vom_ziel", False) is (laune in {"ungueltig", "rueckfrage"})


def test_already_there_is_as_good_as_taken(lieferwelt: Lieferwelt, partner: SoapSimulator) -> None:
    partner.launen.setze("schon_da", 1)
    assert lieferwelt.liefere().stufe is Stufe.UEBERGEBEN


def test_a_refusal_is_held_and_a_repetition_has_a_new_key(lieferwelt: Lieferwelt, partner: SoapSimulator) -> None:
    partner.launen.setze("ablehnend", 1)
    fehler = fehler_von(lieferwelt)
    assert isinstance(fehler, NeedsHumanError)
    assert (fehler.code, fehler.fuer) == ("prosoz.abgelehnt", GehaltenFuer.SACHBEARBEITUNG)
    with pytest.raises(NeedsHumanError, match=r"prosoz\.abgelehnt"):
        lieferwelt.finde()
    lieferwelt.liefere()
    assert [fall["schluessel"] for fall in partner.faelle.alle()] == [f"{SCHLUESSEL}#1"]


def test_a_status_nobody_described_is_an_unknown_outcome(lieferwelt: Lieferwelt) -> None:
    antwort = {"status": "Status", "bedeutung": {"GANZ_ANDERS": "uebergeben"}}
    stelle_um(lieferwelt, "keins", antwort=antwort)
    fehler = fehler_von(lieferwelt)
    assert (type(fehler), fehler.code) == (OutcomeUnknownError, "prosoz.antwort_unklar")


# -- before anything is sent -------------------------------------------------------------------------------------


def test_too_much_is_refused_before_it_is_sent(lieferwelt: Lieferwelt, partner: SoapSimulator) -> None:
    lieferwelt.einstellungen["hoechstgroesse_mb"] = 1
    gross = lieferwelt.host.inhalt.schreibe([b"x" * 1_000_001], "gross.pdf", "application/pdf")
    with pytest.raises(PermanentError, match=r"prosoz\.zu_gross"):
        lieferwelt.liefere(lieferwelt.sendung(dokumente=(), anlagen=(gross,)))
    assert lieferwelt.finde() is None
    assert not partner.faelle.alle()


def test_fields_the_wsdl_does_not_have_are_refused_before_anything_is_sent(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    felder = {**beispielprofil("soap")["uebergabe"]["felder"], "Auftrag.Gibtsnicht": {"fest": "x"}}
    stelle_um(lieferwelt, "keins", felder=felder)
    fehler = fehler_von(lieferwelt)
    assert (type(fehler), fehler.code) == (PermanentError, "prosoz.anfrage_unmoeglich")
    assert lieferwelt.finde() is None
    assert "Auftrag.Gibtsnicht" in lieferwelt.pruefe()["prosoz.feld_fehlt"]
    assert not partner.faelle.alle()


def test_a_failed_question_never_forgets_that_something_was_sent(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    stelle_um(lieferwelt, "abfrage")
    partner.launen.setze("halb", 1)
    fehler_von(lieferwelt)
    kaputt = beispielprofil("soap")
    kaputt["uebergabe"]["schluessel_wirkt"] = False
    kaputt["nachfrage"]["operation"] = "Gibtsnicht"
    lieferwelt.profil(kaputt)
    for _ in range(2):
        with pytest.raises(NeedsHumanError, match=r"prosoz\.operation_fehlt"):
            lieferwelt.finde()
    stelle_um(lieferwelt, "abfrage")
    assert lieferwelt.finde() is not None


def test_imports_come_from_beside_the_wsdl_and_never_from_elsewhere(tmp_path: Path, partner: SoapSimulator) -> None:
    assert "https://erfunden.example/" in partner.wsdl.read_text(encoding="utf-8")
    allein = tmp_path / "allein" / "erfunden.wsdl"
    allein.parent.mkdir()
    allein.write_bytes(partner.wsdl.read_bytes())
    with pytest.raises(ConfigError, match=r"erfunden\.xsd"):
        lade_wsdl(allein)
    (tmp_path / "geheim.xsd").write_text("<x/>")
    for ort in ("../geheim.xsd", str(tmp_path / "geheim.xsd"), f"file://{tmp_path}/geheim.xsd"):
        pfad = ort if ":" in ort or ort.startswith("/") else str(allein.parent / ort)
        with pytest.raises(ConfigError, match="außerhalb"):
            Lader(allein).load(pfad)


@pytest.mark.parametrize(
    "kopf", ['<!DOCTYPE definitions SYSTEM "https://erfunden.example/x.dtd">', '<!DOCTYPE d [<!ENTITY a "b">]>']
)
def test_a_wsdl_with_a_doctype_is_refused(tmp_path: Path, partner: SoapSimulator, kopf: str) -> None:
    text = partner.wsdl.read_text(encoding="utf-8").replace("<definitions ", f"{kopf}<definitions ", 1)
    (tmp_path / "erfunden.wsdl").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="lässt sich nicht verstehen"):
        lade_wsdl(tmp_path / "erfunden.wsdl")


# -- check and credentials ---------------------------------------------------------------------------------------


def test_check_is_quiet_but_for_the_example(lieferwelt: Lieferwelt) -> None:
    assert set(lieferwelt.pruefe()) == {"prosoz.beispielprofil"}


@pytest.mark.parametrize(
    ("aenderung", "code"),
    [
        ({"wsdl": "fehlt.wsdl"}, "prosoz.wsdl"),
        ({"ca": None}, "prosoz.server_zertifikat"),
        ({"url": "https://127.0.0.1:1/falldienst"}, "prosoz.nicht_erreichbar"),
        ({"passphrase": "env:FEHLT"}, "prosoz.verbindung"),
        ({"anmeldung": "basic", "benutzer": "f", "kennwort": "env:FEHLT"}, "prosoz.verbindung"),
        ({"zertifikat": "fehlt.crt"}, "prosoz.verbindung"),
        ({"profil": "fehlt.yaml"}, "prosoz.profil"),
    ],
)
def test_check_names_what_is_wrong(lieferwelt: Lieferwelt, aenderung: dict[str, Any], code: str) -> None:
    lieferwelt.einstellungen |= aenderung
    assert code in lieferwelt.pruefe()


def test_check_names_a_wrong_address_and_a_missing_operation(lieferwelt: Lieferwelt) -> None:
    lieferwelt.einstellungen["url"] += "/daneben"
    stelle_um(lieferwelt, "keins", operation="Gibtsnicht")
    befunde = lieferwelt.pruefe()
    assert "NimmFallAn" in befunde["prosoz.operation_fehlt"]
    assert "prosoz.adresse_falsch" in befunde


def test_without_a_client_certificate_the_route_stops_before_anything_is_sent(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    for name in ("zertifikat", "privatschluessel"):
        del lieferwelt.einstellungen[name]
    fehler = fehler_von(lieferwelt)
    assert isinstance(fehler, FachwerkError)
    assert not partner.faelle.alle()


def test_credentials_go_where_the_settings_say(lieferwelt: Lieferwelt, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    gesehen: list[httpx.Request] = []

    def beantworte(anfrage: httpx.Request) -> httpx.Response:
        anfrage.read()
        gesehen.append(anfrage)
        return httpx.Response(503)

    lieferwelt.host.http_fabrik = lambda _: httpx.Client(transport=httpx.MockTransport(beantworte))
    lieferwelt.host.geheimnisse = {"env:KENNWORT": "g€heim"}
    for anmeldung in ("basic", "wsse"):
        lieferwelt.einstellungen |= {"anmeldung": anmeldung, "benutzer": "fachwerk", "kennwort": "env:KENNWORT"}
        fehler_von(lieferwelt)
    basic, wsse = gesehen
    assert base64.b64decode(basic.headers["authorization"].partition(" ")[2]).decode() == "fachwerk:g€heim"
    assert "authorization" not in wsse.headers
    assert b"<wsse:Username>fachwerk</wsse:Username>" in wsse.content.replace(b"ns0:", b"wsse:")
    assert base64.b64encode(PDF) in wsse.content
