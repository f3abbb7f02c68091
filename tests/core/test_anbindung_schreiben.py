"""The letters: the prescribed wording to the letter, own wording where none is prescribed, nobody's address guessed."""

from __future__ import annotations

import email
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import default
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.abschnitte import Einstellungen
from fachwerk.anbindung import ablage
from fachwerk.anbindung.einstellungen import AnbindungAngaben, AnbindungEinstellungen
from fachwerk.anbindung.schreiben import (
    AnbindungError,
    Art,
    Brief,
    abmeldebrief,
    dauerhafte,
    interessensbekundung,
    pflichten,
    temporaere,
)
from fachwerk.errors import ConfigError, ConfigErrors
from fachwerk.katalog import LAENDER, Leistung, leistung, leistungen
from fachwerk.settings import lade

DATUM = date(2026, 11, 22)
JETZT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
ANGABEN = AnbindungAngaben(
    zustaendige_stelle="Hansestadt Musterow, Wohngeldstelle",
    kontakt="Erika Muster (erika.muster@musterow.example)",
    signatur="Erika Muster\nHansestadt Musterow",
    ab=date(2027, 1, 1),
    mik_mail="mik@land.example",
)


def dienst(wort: str = "wbs") -> Leistung:
    gefunden = leistung(wort)
    assert gefunden is not None
    return gefunden


def bekundung(angaben: AnbindungAngaben = ANGABEN, wort: str = "wbs", land: str = "mv") -> Brief:
    return interessensbekundung(dienst(wort), angaben, land, DATUM)


def glatt(text: str) -> str:
    return " ".join(text.split())


# -- the prescribed wording -----------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("anfang", ["000", "001"])
def test_the_template_is_word_for_word_that_of_the_information_letters(anfang: str) -> None:
    ordner = Path(__file__).resolve().parents[2].parent / "shared" / "seeds"
    if not ordner.is_dir():
        pytest.skip(f"NICHT GEPRÜFT: {ordner} liegt nicht neben dem Checkout")
    [datei] = ordner.glob(f"{anfang}_*.txt")
    merkblatt = datei.read_text(encoding="utf-8")
    beginn = merkblatt.index("Lieber eGO MV")
    vorgeschrieben = merkblatt[beginn : merkblatt.index("[Signatur]", beginn) + len("[Signatur]")]
    eigene = resources.files("fachwerk").joinpath("daten/interessensbekundung_mv.txt").read_text(encoding="utf-8")
    assert glatt(eigene) == glatt(vorgeschrieben)


def test_the_letter_is_the_template_with_nothing_but_its_five_gaps_filled() -> None:
    vorlage = resources.files("fachwerk").joinpath("daten/interessensbekundung_mv.txt").read_text(encoding="utf-8")
    for luecke, wert in {
        "[zuständige Stelle]": "Hansestadt Musterow, Wohngeldstelle",
        "[Name des Dienstes]": "Bescheinigung für Geringverdiener - Wohnberechtigungsschein",
        "[Datum]": "01.01.2027",
        "[Kontakt]": "Erika Muster (erika.muster@musterow.example)",
        "[Signatur]": "Erika Muster\nHansestadt Musterow",
    }.items():
        assert vorlage.count(luecke) == 1
        vorlage = vorlage.replace(luecke, wert)
    brief = bekundung()
    assert brief.text == vorlage
    assert "Nachnutzungsbedingungen für EfA-Onlinediensten in MV akzeptieren" in brief.text
    assert (brief.mail, brief.empfaenger) == ("ozg@ego-mv.de", "eGo MV")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(str.strip))
def test_what_stands_in_the_configuration_is_never_taken_for_a_gap(wert: str) -> None:
    boese = ANGABEN.model_copy(update={"zustaendige_stelle": f"{wert} [Kontakt] \\1"})
    text = bekundung(boese).text
    assert f"dass {f'{wert} [Kontakt]'.strip()} \\1 den EfA-Onlinedienst" in text
    assert text.count("Erika Muster (") == 1


@pytest.mark.parametrize("wort", [eintrag.wort for eintrag in leistungen()])
def test_every_service_of_the_catalogue_can_be_asked_for(wort: str) -> None:
    assert f"EfA-Onlinedienst {dienst(wort).titel} ab dem 01.01.2027" in bekundung(wort=wort).text


@pytest.mark.parametrize("land", sorted(set(LAENDER.values()) - {"mv"}))
def test_no_other_land_gets_the_wording_or_the_address_of_mecklenburg_vorpommern(land: str) -> None:
    with pytest.raises(AnbindungError) as fehler:
        bekundung(land=land)
    assert fehler.value.code == "anbindung_land_unbekannt"
    assert "Bitte fragen Sie" in fehler.value.hint
    assert "ego-mv" not in fehler.value.hint


def test_without_a_land_the_key_is_named() -> None:
    with pytest.raises(ConfigError) as fehler:
        bekundung(land="")
    assert fehler.value.details["umgebung"] == "FACHWERK_LAND"


def test_all_missing_keys_are_named_together_with_where_to_ask() -> None:
    with pytest.raises(ConfigErrors) as fehler:
        bekundung(AnbindungAngaben())
    schluessel = [problem.details["schluessel"] for problem in fehler.value.probleme]
    assert schluessel == [f"anbindung.{name}" for name in ("zustaendige_stelle", "kontakt", "signatur", "ab")]
    assert "Amtsvorsteher" in fehler.value.probleme[0].hint
    with pytest.raises(ConfigErrors) as fehler:
        abmeldebrief(dienst(), ANGABEN.model_copy(update={"mik_mail": ""}), dauerhafte(DATUM), "mv", DATUM)
    [problem] = fehler.value.probleme
    assert problem.details["umgebung"] == "FACHWERK_ANBINDUNG__MIK_MAIL"
    assert "Fragen Sie danach ozg@ego-mv.de" in problem.hint


# -- the configuration ----------------------------------------------------------------------------------------------


def test_a_service_may_have_its_own_keys() -> None:
    einstellungen = AnbindungEinstellungen.model_validate(
        {"kontakt": "Zentrale", "mik_mail": "mik@land.example", "leistung": {"99107022012000": {"kontakt": "Wohngeld"}}}
    )
    assert einstellungen.fuer("wbs").kontakt == "Wohngeld"
    assert einstellungen.fuer("wbs").mik_mail == "mik@land.example"
    assert einstellungen.fuer("mietrueckstaende").kontakt == "Zentrale"


def test_every_key_of_a_service_is_a_variable_too() -> None:
    umgebung = {
        "FACHWERK_ANBINDUNG__KONTAKT": "Zentrale",
        "FACHWERK_ANBINDUNG__LEISTUNG__HILFE_ZUM_LEBENSUNTERHALT__KONTAKT": "Sozialamt",
        "FACHWERK_ANBINDUNG__LEISTUNG__WBS__AB": "2027-02-01",
    }
    anbindung = lade(None, umgebung).anbindung
    assert anbindung.fuer("hilfe_zum_lebensunterhalt").kontakt == "Sozialamt"
    assert (anbindung.fuer("wbs").kontakt, anbindung.fuer("wbs").ab) == ("Zentrale", date(2027, 2, 1))
    falsch = "FACHWERK_ANBINDUNG__LEISTUNG__WBS__KONTATK"
    with pytest.raises(ConfigErrors) as fehler:
        lade(None, {falsch: "x"})
    [problem] = fehler.value.probleme
    assert problem.details["umgebung"] == falsch
    assert "Meinten Sie „kontakt“?" in problem.hint


@pytest.mark.parametrize(
    "mail", ["mik", "mik@", "a@b.example, c@d.example", "MiK <mik@land.example>", "a@b.example\nBcc: x@y.example"]
)
def test_a_recipient_is_one_plain_address(mail: str) -> None:
    with pytest.raises(ValueError, match="keine einzelne Mail-Adresse"):
        AnbindungEinstellungen(mik_mail=mail)


def test_an_unknown_service_or_key_is_an_error() -> None:
    for anbindung in ({"leistung": {"wohngeld": {}}}, {"leistung": {"wbs": {"telefon": "1"}}}, {"telefon": "1"}):
        with pytest.raises(ValueError, match="1 validation error"):
            Einstellungen.model_validate({"anbindung": anbindung})


# -- leaving ----------------------------------------------------------------------------------------------------------


def test_a_permanent_leave_names_the_last_day_and_the_decoupling() -> None:
    abmeldung = dauerhafte(date(2026, 11, 30))
    brief = abmeldebrief(dienst(), ANGABEN, abmeldung, "mv", DATUM)
    assert abmeldung.bis == date(2027, 2, 28)
    assert "Zugang dieses Schreibens am 30.11.2026" in brief.text
    assert "mit Ablauf des 28.02.2027" in brief.text
    assert "MiK und dem TFF" not in brief.text  # it is written to the MiK
    assert "mit Ihnen und dem TFF" in brief.text
    assert brief.mail == "mik@land.example"
    texte = " ".join(pflicht.text for pflicht in pflichten(abmeldung))
    assert "mit dem MiK und dem TFF" in texte
    assert "28.02.2027" in texte


def test_a_break_has_no_deadline_but_a_reason_and_an_end() -> None:
    abmeldung = temporaere(date(2026, 12, 1), date(2026, 12, 31), " Umzug ")
    brief = abmeldebrief(dienst(), ANGABEN, abmeldung, "mv", DATUM)
    assert "vom 01.12.2026 bis voraussichtlich 31.12.2026" in brief.text
    assert "Begründung: Umzug\n" in brief.text
    assert "Wiederaufnahme ist für den 01.01.2027 vorgesehen" in brief.text
    assert "Frist" not in brief.text
    texte = " ".join(pflicht.text for pflicht in pflichten(abmeldung))
    assert "Auf der Seite der Behörde" in texte
    assert "Eine Frist gibt es nicht" in texte


@pytest.mark.parametrize(
    ("bis", "grund", "code"),
    [(date(2026, 11, 30), "Umzug", "anbindung_dauer"), (date(2026, 12, 31), "  ", "anbindung_grund")],
)
def test_a_break_without_reason_or_duration_is_refused(bis: date, grund: str, code: str) -> None:
    with pytest.raises(AnbindungError) as fehler:
        temporaere(date(2026, 12, 1), bis, grund)
    assert fehler.value.code == code


def test_every_duty_says_where_it_comes_from() -> None:
    for abmeldung in (dauerhafte(DATUM), temporaere(DATUM, DATUM, "Umzug")):
        assert {pflicht.quelle for pflicht in pflichten(abmeldung)} == {"Merkblatt", "Fachwerk"}
        assert pflichten(abmeldung)[0].quelle == "Merkblatt"
    assert {art.value for art in Art} == {"dauerhaft", "temporaer"}


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def setzer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    def setze(funktion: Any) -> None:
        monkeypatch.setattr(ablage, "pdf_setzer", lambda: funktion)

    return setze


def lies(eml: bytes) -> EmailMessage:
    mail = email.message_from_bytes(eml, policy=default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def test_the_mail_is_a_draft_that_any_mail_program_reads() -> None:
    mail = lies(ablage.als_eml(bekundung(), JETZT, b"%PDF-1.7 probe"))
    assert mail["To"] == "ozg@ego-mv.de"
    assert mail["Subject"] == (
        "Interessensbekundung für den EfA-Onlinedienst „Bescheinigung für Geringverdiener - Wohnberechtigungsschein“"
    )
    assert mail["X-Unsent"] == "1"
    assert mail["From"] is None
    assert mail["Date"].datetime == JETZT
    assert str(mail["Date"]).startswith("Mon, 23 Nov 2026 00:30:00 +0100")  # the day it is in Germany
    rumpf = mail.get_body(("plain",))
    assert rumpf is not None
    assert rumpf.get_content().replace("\r\n", "\n") == bekundung().text
    [anlage] = mail.iter_attachments()
    assert (anlage.get_content_type(), anlage.get_filename()) == ("application/pdf", "interessensbekundung_wbs.pdf")
    assert anlage.get_content() == b"%PDF-1.7 probe"


def test_every_line_of_the_mail_keeps_to_the_limits_of_the_standard() -> None:
    zeilen = ablage.als_eml(bekundung(), JETZT, bytes(range(256)) * 50).split(b"\r\n")
    assert max(map(len, zeilen)) <= 98
    assert all(zeile.isascii() and b"\n" not in zeile for zeile in zeilen)


def test_text_mail_and_pdf_are_written_and_never_over_a_letter_that_may_be_out(
    tmp_path: Path, setzer: Callable[[Any], None]
) -> None:
    setzer(lambda brief, zeit: f"%PDF {brief.name}".encode())
    fertig = ablage.lege_ab(bekundung(), tmp_path / "neu", JETZT)
    assert [pfad.name for pfad in fertig.dateien] == [f"interessensbekundung_wbs.{e}" for e in ("txt", "eml", "pdf")]
    assert fertig.hinweis == ""
    (tmp_path / "neu/interessensbekundung_wbs.txt").write_text("von Hand ergänzt")
    with pytest.raises(AnbindungError) as fehler:
        ablage.lege_ab(bekundung(), tmp_path / "neu", JETZT)
    assert fehler.value.code == "anbindung_vorhanden"
    assert (tmp_path / "neu/interessensbekundung_wbs.txt").read_text() == "von Hand ergänzt"
    ablage.lege_ab(bekundung(), tmp_path / "neu", JETZT, ersetzen=True)
    assert "Lieber eGO MV" in (tmp_path / "neu/interessensbekundung_wbs.txt").read_text(encoding="utf-8")


def test_without_anything_that_sets_letters_it_says_that_there_is_no_pdf(
    tmp_path: Path, setzer: Callable[[Any], None]
) -> None:
    setzer(None)
    fertig = ablage.lege_ab(bekundung(), tmp_path, JETZT)
    assert [pfad.suffix for pfad in fertig.dateien] == [".txt", ".eml"]
    assert "fachwerk-aktenablage" in fertig.hinweis
    assert list(lies((tmp_path / "interessensbekundung_wbs.eml").read_bytes()).iter_attachments()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, setzer: Callable[[Any], None]) -> None:
    setzer(None)
    (tmp_path / "datei").write_text("")
    with pytest.raises(AnbindungError) as fehler:
        ablage.lege_ab(bekundung(), tmp_path / "datei/ordner", JETZT)
    assert fehler.value.code == "anbindung_ordner"
    assert re.search("--ordner", fehler.value.hint)
