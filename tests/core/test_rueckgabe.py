"""A held case is sent back on purpose: who, when, how and why stay with it, and a letter is there to be sent."""

from __future__ import annotations

import email
import email.policy
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from fachwerk import abgabe, aufbewahrung, eingriff, rueckgabe
from fachwerk.cli import befehle
from fachwerk.eingriff import EingriffError
from fachwerk.errors import FachwerkError, NeedsHumanError, OutcomeUnknownError, PermanentError
from fachwerk.modell import Anschrift, Eingang, Kommunikation, Name, Person
from fachwerk.tabellen import ereignis, zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]

GRUND = "Es fehlt die Unterschrift der Vermieterin."
ZUGESTELLT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


@pytest.fixture
def datenbank_url(sqlite_url: str) -> str:
    """One database is enough here: that both keep what is committed, the kills in tests/system show."""
    return sqlite_url


@pytest.fixture
def welt(baue_welt: Bau) -> Welt:
    return baue_welt(fachwerk={"land": "mv", "betreiber": "Stadt Musterow"}, ziel={"akte": "ohne_schutz"})


def halte(welt: Welt, inhalt: bytes = b"<fremd/>") -> str:
    welt.lege_ein("n-1", inhalt, zugestellt=ZUGESTELLT)
    assert welt.durchlauf() == ["held"]
    return str(welt.der_vorgang().id)


def gib_zurueck(welt: Welt, kennung: str, wie: str = "Brief", grund: str = GRUND) -> None:
    rueckgabe.gib_zurueck(welt.betrieb, kennung, wer="anna", wie=wie, grund=grund)


def ablehnung(welt: Welt, kennung: str, **angaben: str) -> str:
    with pytest.raises(FachwerkError) as fehler:
        gib_zurueck(welt, kennung, **angaben)
    assert welt.der_vorgang().status != "returned" or fehler.value.code == "vorgang_beendet"
    return fehler.value.code


def test_the_case_ends_as_returned_with_a_letter_that_can_be_sent(welt: Welt) -> None:
    kennung = halte(welt)
    gib_zurueck(welt, kennung)
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.gehalten_fuer) == ("returned", "", "")
    dateien = rueckgabe.schreiben(welt.betrieb.store, kennung)
    text = dateien["rueckgabe.txt"].decode()
    for wort in ("02.03.2026", "n-1", kennung, "Stadt Musterow", GRUND, "Brief", "kein Bescheid"):
        assert wort in text, wort
    mail = email.message_from_bytes(dateien["rueckgabe.eml"], policy=email.policy.default)
    assert (mail["X-Unsent"], mail["To"]) == ("1", None), "nobody guesses an address"
    assert mail.get_content().replace("\r\n", "\n").strip() == text.strip()
    assert welt.ohne_schutz.versuche == []


def test_the_audit_says_who_and_which_reason_and_the_words_are_content(welt: Welt) -> None:
    kennung = halte(welt)
    gib_zurueck(welt, kennung)
    (zeile,) = [zeile for zeile in welt.zeilen(ereignis) if zeile.was == "zurueckgegeben"]
    assert (zeile.wer, zeile.code) == ("anna", "format_unbekannt")
    assert not any("Unterschrift" in str(zeile) for zeile in welt.zeilen(ereignis))
    assert welt.betrieb.store.pruefe_kette(kennung) is None


def test_an_applicant_who_is_certain_is_addressed() -> None:
    wer = Person(
        id="p1",
        name=Name(vorname="Änne", familienname="Mücke"),
        anschriften=(Anschrift(strasse="Am Teich", hausnummer="1", postleitzahl="18000", wohnort="Musterow"),),
        kommunikation=(Kommunikation(kanal="01", kennung="aenne@beispiel.example"),),
    )
    eingang = Eingang(kanal="k", nachricht_id="n-1", empfangen=ZUGESTELLT, teile=())

    class Zeile:
        id, nachrichten_uuid = "v-1", ""

    text = rueckgabe.brief("", Zeile(), eingang, wer, "Brief", "Grund", ZUGESTELLT)
    assert "Änne Mücke\nAm Teich 1\n18000 Musterow\n" in text
    assert "Guten Tag Änne Mücke," in text
    assert text.startswith("Absender bitte eintragen\n")


@pytest.mark.parametrize("kennung", ["a@b\r\nBcc: x@y", "kein", "a@b, c@d", ""])
def test_an_address_that_is_none_never_gets_into_a_mail(kennung: str) -> None:
    wer = Person(id="p1", kommunikation=(Kommunikation(kanal="01", kennung=kennung),))
    mail = email.message_from_bytes(rueckgabe._mail("Text", wer), policy=email.policy.default)
    assert (mail["To"], mail["Bcc"]) == (None, None)


def test_what_waits_for_its_ziel_is_not_sent_any_more(welt: Welt) -> None:
    welt.ohne_schutz.stoerungen.append(Stoerung(PermanentError("nein", "Geht nicht.")))
    kennung = halte(welt, antrag_xml())
    gib_zurueck(welt, kennung)
    welt.vergehe(hours=1)
    assert welt.arbeite() == 0
    assert [z.status for z in welt.zeilen(zustellung)] == ["ersetzt"]
    assert (welt.der_vorgang().status, welt.ohne_schutz.wirkungen) == ("returned", [])


def test_only_what_is_held_and_certain_can_be_sent_back(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml())
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    assert ablehnung(welt, kennung) == "rueckgabe_nicht_gehalten"
    welt.ohne_schutz.stoerungen.append(Stoerung(OutcomeUnknownError("weg", "Antwort fehlt."), angekommen=True))
    welt.arbeite()
    assert ablehnung(welt, kennung) == "ausgang_ungeklaert"
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "nachgesehen")
    welt.arbeite()
    assert ablehnung(welt, kennung) == "rueckgabe_nicht_gehalten", "it lies with the office"


def test_what_one_ziel_has_already_is_not_sent_back(baue_welt: Bau) -> None:
    ziele = {"akte": "ohne_schutz", "amt": "mit_schluessel"}
    welt = baue_welt(ziel=ziele, route=[{"leistung": "*", "ziel": ["akte", "amt"]}])
    welt.ohne_schutz.stoerungen.append(Stoerung(PermanentError("nein", "Geht nicht.")))
    assert ablehnung(welt, halte(welt, antrag_xml())) == "rueckgabe_zugestellt"


@pytest.mark.parametrize("angaben", [{"wie": " "}, {"grund": ""}])
def test_how_and_why_must_be_said(welt: Welt, angaben: dict[str, str]) -> None:
    assert ablehnung(welt, halte(welt), **angaben) == "rueckgabe_ohne_angaben"


def test_what_is_returned_stays_so_and_is_deleted_on_schedule(welt: Welt) -> None:
    kennung = halte(welt)
    gib_zurueck(welt, kennung)
    assert ablehnung(welt, kennung) == "vorgang_beendet"
    with pytest.raises(EingriffError, match="vorgang_beendet"):
        abgabe.bereite_vor(welt.betrieb, kennung, "akte", wer="anna", grund="x")
    with pytest.raises(EingriffError, match="nicht_gehalten"):
        eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.vergehe(days=31)
    assert aufbewahrung.loesche_faellige(welt.betrieb, datetime.now(UTC)) == 1
    with pytest.raises(PermanentError, match="inhalt_geloescht"):
        rueckgabe.schreiben(welt.betrieb.store, kennung)


def test_malware_is_sent_back_without_its_content(welt: Welt) -> None:
    welt.format.fehler = NeedsHumanError("schadsoftware", "Fund.")
    kennung = halte(welt, antrag_xml(produkt="boese"))
    gib_zurueck(welt, kennung)
    dateien = rueckgabe.schreiben(welt.betrieb.store, kennung)
    assert set(dateien) == {"rueckgabe.txt", "rueckgabe.eml"}
    assert not any(b"boese" in inhalt for inhalt in dateien.values())


def test_a_letter_is_written_for_its_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    ordner = tmp_path / "neu" / "briefe"
    pfade = rueckgabe.lege_ab(ordner, "0123456789abcdef", {"rueckgabe.txt": b"Brief"})
    assert [pfad.name for pfad in pfade] == ["0123456789ab_rueckgabe.txt"]
    assert pfade[0].read_bytes() == b"Brief"
    if os.name == "posix":
        assert pfade[0].stat().st_mode & 0o077 == 0
    with pytest.raises(EingriffError, match="rueckgabe_ordner"):
        rueckgabe.lege_ab(ordner, "0123456789abcdef", {"rueckgabe.txt": b"anders"})
    assert pfade[0].read_bytes() == b"Brief"


def test_a_case_without_a_letter_is_told_how_to_get_one(welt: Welt) -> None:
    with pytest.raises(EingriffError, match="rueckgabe_ohne_schreiben"):
        rueckgabe.schreiben(welt.betrieb.store, halte(welt))


def test_the_command_writes_the_letter_and_writes_it_again(
    welt: Welt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kennung = halte(welt)
    monkeypatch.setattr("fachwerk.betrieb.oeffne_betrieb", lambda konfig: welt.betrieb)
    monkeypatch.setattr(welt.betrieb, "schliesse", lambda: None)
    angaben = ["vorgang", "return", kennung[:10], "--wie", "Brief", "--grund", GRUND, "--wer", "anna"]
    lauf = CliRunner().invoke(befehle, angaben)
    assert (lauf.exit_code, GRUND in lauf.output) == (0, True), lauf.output
    noch_einmal = CliRunner().invoke(befehle, ["vorgang", "return", kennung[:10], "--ordner", str(tmp_path / "briefe")])
    assert noch_einmal.exit_code == 0, noch_einmal.output
    assert (tmp_path / "briefe" / f"{kennung[:12]}_rueckgabe.txt").read_text(encoding="utf-8").strip() in lauf.output
