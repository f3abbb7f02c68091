"""The folder way against the folder partner: whole or not there, trigger last, once, and the truth about receipts."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import prosoz_welt as welt
from prosoz_welt import SCHLUESSEL, Lieferwelt, beispielprofil, ordnerwelt

from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import GehaltenFuer, Stufe
from fachwerk.testkit.wirt import FakeHost
from fachwerk_prosoz.simulator import OrdnerSimulator

KIND = Path(__file__).with_name("prosoz_kind.py")


@pytest.fixture
def lieferwelt(tmp_path: Path) -> Lieferwelt:
    return ordnerwelt(tmp_path)


@pytest.fixture
def partner(tmp_path: Path) -> OrdnerSimulator:
    return OrdnerSimulator(tmp_path / "prosoz")


def dateien(ordner: Path) -> list[str]:
    return sorted(p.relative_to(ordner).as_posix() for p in ordner.rglob("*") if p.is_file())


def ohne_rueckmeldungen(lieferwelt: Lieferwelt, **mehr: Any) -> None:
    lieferwelt.profil(beispielprofil("ordner") | {"rueckmeldungen": []} | mehr)


# -- what is written ---------------------------------------------------------------------------------------------


def test_a_case_lies_there_with_all_parts_of_the_profile(lieferwelt: Lieferwelt, tmp_path: Path) -> None:
    quittung = lieferwelt.liefere()
    stamm = quittung.kennung
    assert quittung.stufe is Stufe.UEBERGEBEN
    assert dateien(tmp_path / "prosoz/eingang") == sorted(
        [f"{stamm}.fertig", *(f"{stamm}/{n}" for n in ("antrag.xml", "antrag_lesbar.pdf", "anlage_02.png", "fall.xml"))]
    )
    assert (tmp_path / "prosoz/eingang" / stamm / "antrag.xml").read_bytes() == welt.XML
    assert (tmp_path / "prosoz/eingang" / stamm / "antrag_lesbar.pdf").read_bytes() == welt.PDF
    fall = (tmp_path / "prosoz/eingang" / stamm / "fall.xml").read_text(encoding="utf-8")
    assert "<Familienname>Mücke-Żółć</Familienname>" in fall
    assert "<Leistung>MIETE</Leistung>" in fall
    assert not list((tmp_path / "prosoz/.fachwerk-neu").iterdir())


def test_no_name_tells_who_applied(lieferwelt: Lieferwelt, tmp_path: Path) -> None:
    lieferwelt.liefere()
    namen = " ".join(dateien(tmp_path / "prosoz")).lower()
    assert not [wort for wort in ("mücke", "muecke", "mucke", "zolc", "nne", "1980") if wort in namen]
    assert not any("Mücke" in str(eintrag) for eintrag in lieferwelt.host.protokoll)
    assert not any("Mücke" in wert for wert in lieferwelt.host.notizen.values())


def test_names_may_name_persons_where_the_profile_says_so(lieferwelt: Lieferwelt) -> None:
    stamm = "{familienname}_{vorname}_{schluessel}"
    lieferwelt.profil(beispielprofil("ordner") | {"stamm": stamm, "personenbezug_im_namen": True})
    assert lieferwelt.liefere().kennung.startswith("Muecke-Zolc_Aenne_")


def test_flat_files_share_a_stem_and_checksums_stand_in_the_trigger(lieferwelt: Lieferwelt, tmp_path: Path) -> None:
    profil = beispielprofil("ordner") | {
        "form": "flach",
        "teile": {"original": "{stamm}.{endung}", "anlagen": "{stamm}_{nr}.{endung}"},
        "ausloeser": {"name": "{stamm}.sha256", "inhalt": "pruefsummen"},
    }
    lieferwelt.profil(profil)
    stamm = lieferwelt.liefere().kennung
    eingang = tmp_path / "prosoz/eingang"
    assert dateien(eingang) == [f"{stamm}.sha256", f"{stamm}.xml", f"{stamm}_01.pdf", f"{stamm}_02.png"]
    geprueft = subprocess.run(["sha256sum", "-c", f"{stamm}.sha256"], cwd=eingang, capture_output=True, check=False)
    assert geprueft.returncode == 0


def test_the_case_file_itself_may_be_the_trigger(lieferwelt: Lieferwelt, tmp_path: Path) -> None:
    profil = beispielprofil("ordner")
    profil["teile"]["falldatei"] = {"form": "json", "felder": {"a.b": {"aus": "antrag.felder.nachricht/fall.nummer"}}}
    profil["ausloeser"] = {"name": "{stamm}.json", "inhalt": "falldatei"}
    lieferwelt.profil(profil)
    stamm = lieferwelt.liefere().kennung
    assert json.loads((tmp_path / "prosoz/eingang" / f"{stamm}.json").read_bytes()) == {"a": {"b": "4711"}}


def test_a_case_without_any_document_is_delivered_too(lieferwelt: Lieferwelt, tmp_path: Path) -> None:
    stamm = lieferwelt.liefere(lieferwelt.sendung(dokumente=(), anlagen=(), original=None)).kennung
    assert dateien(tmp_path / "prosoz/eingang") == [f"{stamm}.fertig", f"{stamm}/fall.xml"]


def test_the_trigger_is_the_very_last_thing_to_appear(
    lieferwelt: Lieferwelt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gesehen: list[list[str]] = []
    echt = os.rename

    def beobachtet(quelle: Any, ziel: Any) -> None:
        echt(quelle, ziel)
        gesehen.append(dateien(tmp_path / "prosoz/eingang"))

    monkeypatch.setattr(os, "rename", beobachtet)
    lieferwelt.liefere()
    assert [len(stand) for stand in gesehen] == [4, 5]
    assert not any(name.endswith(".fertig") for name in gesehen[0])


def test_a_missing_mandatory_fact_is_a_question_and_nothing_is_written(lieferwelt: Lieferwelt, tmp_path: Path) -> None:
    profil = beispielprofil("ordner")
    profil["teile"]["falldatei"]["felder"]["Kopf.Ags"] = {"aus": "antrag.ags", "pflicht": True}
    lieferwelt.profil(profil)
    with pytest.raises(NeedsHumanError) as gefragt:
        lieferwelt.liefere()
    assert gefragt.value.code == "prosoz.angabe_fehlt"
    assert "Kopf.Ags" in gefragt.value.frage
    assert not dateien(tmp_path / "prosoz")


def test_two_parts_of_the_same_name_are_refused(lieferwelt: Lieferwelt) -> None:
    profil = beispielprofil("ordner")
    profil["teile"]["falldatei"]["name"] = "ANTRAG.xml"
    lieferwelt.profil(profil)
    with pytest.raises(PermanentError, match=r"prosoz\.name_doppelt"):
        lieferwelt.liefere()


# -- once --------------------------------------------------------------------------------------------------------


def test_the_same_key_twice_has_one_effect(lieferwelt: Lieferwelt, partner: OrdnerSimulator) -> None:
    erste = lieferwelt.liefere()
    assert lieferwelt.liefere().kennung == erste.kennung
    partner.runde()
    assert lieferwelt.liefere().stufe is Stufe.UEBERNOMMEN
    partner.runde()
    assert len(partner.faelle.alle()) == 1


def test_a_new_fassung_is_a_new_case(lieferwelt: Lieferwelt, partner: OrdnerSimulator) -> None:
    for schluessel in (SCHLUESSEL, "v-0001:sozialamt:2"):
        lieferwelt.liefere(schluessel=schluessel)
    partner.runde()
    assert len({fall["schluessel"] for fall in partner.faelle.alle()}) == 2


@pytest.mark.parametrize("laune", ["normal", "doppelt", "halb", "stumm"])
def test_what_was_taken_is_known_after_a_crash_before_the_result(
    lieferwelt: Lieferwelt, partner: OrdnerSimulator, laune: str
) -> None:
    partner.launen.setze(laune)
    lieferwelt.liefere()
    partner.runde()
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert gefunden.stufe is (Stufe.UEBERNOMMEN if laune in ("normal", "doppelt") else Stufe.UEBERGEBEN)
    assert len(partner.faelle.alle()) == 1


def test_nothing_was_handed_over_before_anything_was_tried(lieferwelt: Lieferwelt) -> None:
    assert lieferwelt.finde() is None


@pytest.mark.parametrize(
    ("form", "laune"), [pytest.param("ordner", "normal", marks=pytest.mark.lang), ("flach", "spurlos")]
)
def test_a_child_killed_at_any_point_ends_with_exactly_one_case(tmp_path: Path, form: str, laune: str) -> None:
    befehl = [sys.executable, str(KIND), "ordner", str(tmp_path), form, laune]
    ergebnis = json.loads(subprocess.run(befehl, capture_output=True, text=True, check=True, timeout=240).stdout)
    assert ergebnis["punkte"] > 40
    assert ergebnis["fehler"] == []
    assert ergebnis["nichts"] > 0
    assert ergebnis["alles"] > 0


def test_who_lets_somebody_clean_our_folder_is_asked_instead_of_guessing(
    lieferwelt: Lieferwelt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    echt = os.rename

    def ausfall(quelle: Any, ziel: Any) -> None:
        if str(ziel).endswith(".fertig"):
            raise KeyboardInterrupt
        echt(quelle, ziel)

    monkeypatch.setattr(os, "rename", ausfall)
    with pytest.raises(KeyboardInterrupt):
        lieferwelt.liefere()
    assert lieferwelt.finde() is None, "the staged trigger is still there: certainly not handed over"
    shutil.rmtree(tmp_path / "prosoz/.fachwerk-neu")
    with pytest.raises(NeedsHumanError) as gefragt:
        lieferwelt.finde()
    assert gefragt.value.code == "ausgang_unbekannt"
    assert gefragt.value.fuer is GehaltenFuer.BETRIEB
    monkeypatch.undo()
    assert lieferwelt.liefere().stufe is Stufe.UEBERGEBEN, "a person released it"


# -- receipts ----------------------------------------------------------------------------------------------------


def test_receipts_climb_from_technical_to_taken_over(lieferwelt: Lieferwelt, partner: OrdnerSimulator) -> None:
    partner.launen.setze("langsam")
    stamm = lieferwelt.liefere().kennung
    partner.runde()
    technisch = lieferwelt.finde()
    OrdnerSimulator(partner.basis).bestaetige(stamm)
    uebernommen = lieferwelt.finde()
    assert technisch is not None
    assert uebernommen is not None
    assert (technisch.stufe, uebernommen.stufe) == (Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN)
    assert uebernommen.kennung == "F-000001"


def test_an_empty_receipt_is_still_being_written(lieferwelt: Lieferwelt, partner: OrdnerSimulator) -> None:
    stamm = lieferwelt.liefere().kennung
    (partner.basis / "quittung" / f"{stamm}.ok").touch()
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert gefunden.stufe is Stufe.UEBERGEBEN


def test_a_refusal_is_held_with_its_reason_and_a_repetition_goes_out_anew(
    lieferwelt: Lieferwelt, partner: OrdnerSimulator
) -> None:
    partner.launen.setze("ablehnend", 1)
    erste = lieferwelt.liefere()
    partner.runde()
    with pytest.raises(NeedsHumanError) as gehalten:
        lieferwelt.finde()
    assert gehalten.value.code == "prosoz.abgelehnt"
    assert "Erfundene Ablehnung" in gehalten.value.befunde[0].text
    assert "Erfundene" not in str(gehalten.value)
    with pytest.raises(NeedsHumanError, match=r"prosoz\.abgelehnt"):
        lieferwelt.finde()
    zweite = lieferwelt.liefere()
    assert zweite.kennung != erste.kennung
    partner.runde()
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert gefunden.stufe is Stufe.UEBERNOMMEN


def test_taken_over_and_refused_at_once_is_nobodys_guess(lieferwelt: Lieferwelt, partner: OrdnerSimulator) -> None:
    stamm = lieferwelt.liefere().kennung
    partner.melde(stamm, "uebernommen", "Fallnummer=F-1\n")
    partner.melde(stamm, "abgelehnt", "Grund=beides\n")
    for _ in range(2):
        with pytest.raises(NeedsHumanError, match="ausgang_unbekannt"):
            lieferwelt.finde()
    assert lieferwelt.liefere().kennung != stamm, "who releases it sends anew, under another name"
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert gefunden.stufe is Stufe.UEBERGEBEN


def test_a_refusal_stays_one_when_its_receipt_is_tidied_away_before_a_person_has_decided(
    lieferwelt: Lieferwelt, partner: OrdnerSimulator
) -> None:
    stamm = lieferwelt.liefere().kennung
    [zettel] = partner.melde(stamm, "abgelehnt", "Grund=Erfunden\n")
    with pytest.raises(NeedsHumanError):
        lieferwelt.finde()
    zettel.unlink()
    with pytest.raises(NeedsHumanError) as gehalten:
        lieferwelt.finde()
    assert gehalten.value.code == "prosoz.abgelehnt"
    assert "ging bei einem Abbruch" in gehalten.value.befunde[0].text


def test_a_receipt_in_latin1_of_any_length_is_read(lieferwelt: Lieferwelt, partner: OrdnerSimulator) -> None:
    stamm = lieferwelt.liefere().kennung
    inhalt = "Prüfung\nFallnummer=F-77\n".encode("latin-1") + b"x" * 200_000
    (partner.basis / "quittung" / f"{stamm}.ok").write_bytes(inhalt)
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert gefunden.kennung == "F-77"


def test_a_trigger_that_vanishes_means_what_the_profile_says(lieferwelt: Lieferwelt, tmp_path: Path) -> None:
    ohne_rueckmeldungen(lieferwelt, abgeholt="technisch_bestaetigt")
    stamm = lieferwelt.liefere().kennung
    (tmp_path / "prosoz/eingang" / f"{stamm}.fertig").unlink()
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert gefunden.stufe is Stufe.TECHNISCH_BESTAETIGT


# -- bad days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nummer", "code"),
    [
        (errno.ENOSPC, "prosoz.voll"),
        (errno.EACCES, "prosoz.verboten"),
        (errno.EROFS, "prosoz.verboten"),
        (errno.EXDEV, "prosoz.laufwerk"),
        (errno.EIO, "prosoz.gestoert"),
    ],
)
def test_a_disk_that_refuses_is_retried_and_shows_nothing(
    lieferwelt: Lieferwelt, partner: OrdnerSimulator, monkeypatch: pytest.MonkeyPatch, nummer: int, code: str
) -> None:
    def ausfall(_kennung: int) -> None:
        raise OSError(nummer, "erfunden")

    with monkeypatch.context() as kaputt:
        kaputt.setattr(os, "fsync", ausfall)
        with pytest.raises(RetryableError) as fehler:
            lieferwelt.liefere()
    assert fehler.value.code == code
    assert not partner.wartende()
    assert lieferwelt.finde() is None
    lieferwelt.liefere()
    partner.runde()
    assert len(partner.faelle.alle()) == 1


def test_an_absolute_folder_that_is_gone_is_not_made_below_an_empty_mount(tmp_path: Path) -> None:
    lieferwelt = ordnerwelt(tmp_path)
    lieferwelt.einstellungen["verzeichnis"] = str(tmp_path / "netz")
    with pytest.raises(RetryableError, match=r"prosoz\.ordner_fehlt"):
        lieferwelt.liefere()
    with pytest.raises(RetryableError, match=r"prosoz\.ordner_fehlt"):
        lieferwelt.finde()
    assert "prosoz.ordner_fehlt" in lieferwelt.pruefe()
    assert not (tmp_path / "netz").exists()


def test_a_rename_that_says_it_failed_but_did_not_counts_as_handed_over(
    lieferwelt: Lieferwelt, partner: OrdnerSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    echt = os.rename

    def luegt(quelle: Any, ziel: Any) -> None:
        echt(quelle, ziel)
        if str(ziel).endswith(".fertig"):
            raise OSError(errno.EIO, "erfunden")

    monkeypatch.setattr(os, "rename", luegt)
    assert lieferwelt.liefere().stufe is Stufe.UEBERGEBEN
    partner.runde()
    assert len(partner.faelle.alle()) == 1


def test_a_profile_that_is_gone_stops_the_route_not_the_case(lieferwelt: Lieferwelt) -> None:
    sendung = lieferwelt.sendung()
    lieferwelt.einstellungen["profil"] = "fehlt.yaml"
    with pytest.raises(NeedsHumanError) as gestoppt:
        lieferwelt.liefere(sendung)
    assert (gestoppt.value.code, gestoppt.value.routenfehler) == ("prosoz.profil", True)
    assert "prosoz.profil" in lieferwelt.pruefe()


def test_check_is_quiet_but_for_the_example(tmp_path: Path, partner: OrdnerSimulator) -> None:
    lieferwelt = ordnerwelt(tmp_path)
    assert set(lieferwelt.pruefe()) == {"prosoz.beispielprofil"}
    lieferwelt.profil({**beispielprofil("ordner"), "beispiel": False})
    assert lieferwelt.pruefe() == {}


def test_check_says_where_no_receipts_are_read_or_their_folder_is_missing(
    tmp_path: Path, partner: OrdnerSimulator
) -> None:
    lieferwelt = ordnerwelt(tmp_path)
    ohne_rueckmeldungen(lieferwelt)
    assert "prosoz.ohne_rueckmeldung" in lieferwelt.pruefe()
    shutil.rmtree(tmp_path / "prosoz/quittung")
    lieferwelt.einstellungen["profil"] = "beispiel"
    assert "prosoz.rueckmeldeordner" in lieferwelt.pruefe()


def test_the_case_goes_on_after_the_partner_restarts(lieferwelt: Lieferwelt, partner: OrdnerSimulator) -> None:
    partner.launen.setze("steht", 1)
    lieferwelt.liefere()
    assert partner.runde() == []
    neu = OrdnerSimulator(partner.basis)
    assert len(neu.runde()) == 1
    assert lieferwelt.finde() is not None
    assert isinstance(lieferwelt.host, FakeHost)
