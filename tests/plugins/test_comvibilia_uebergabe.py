"""Handing over into the import folder: once, whole, and with the truth about what became of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import fachwerk_comvibilia as comvibilia
from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import Antrag, Empfehlung, Entscheidung, Sendung, Stufe, Ziel
from fachwerk.testkit.wirt import FakeHost
from fachwerk_comvibilia.settings import Zieleinstellungen
from fachwerk_comvibilia.simulator import ComVibilia

SCHLUESSEL = "v1:cv:1"
XML = b"<antrag/>"
ENTSCHEIDUNG = Entscheidung(empfehlung=Empfehlung.VORLEGEN, stichtag=datetime(2026, 3, 2, tzinfo=UTC).date())

beide = pytest.mark.parametrize("profil", ["ordner", "flach"])


def ziel(profil: str = "ordner", **mehr: Any) -> Ziel:
    werte = {"verzeichnis": "cv/import", "profil": profil, "quittungen": "cv/quittungen", **mehr}
    return Ziel(name="cv", plugin="comvibilia", einstellungen=Zieleinstellungen(**werte))


def sendung(
    host: FakeHost, xml: bytes | None = XML, namen: tuple[str, ...] = ("a.pdf",), test: bool = False
) -> Sendung:
    teile = [host.inhalt.schreibe([name.encode("utf-8", "replace")], name, "application/pdf") for name in namen]
    original = host.inhalt.schreibe([xml], "antrag.xml", "application/xml") if xml is not None else None
    antrag = Antrag(
        leistung="wbs",
        empfangen=datetime(2026, 3, 1, 10, tzinfo=UTC),
        original=original,
        anlagen=tuple(teile),
        test=test,
    )
    return comvibilia.render(antrag, ENTSCHEIDUNG, ziel())


def sichtbar(ordner: Path) -> list[str]:
    return sorted(name for name in os.listdir(ordner) if not name.startswith("."))


@beide
def test_a_hand_over_arrives_whole_with_message_attachments_and_metadata(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    quittung = comvibilia.deliver(sendung(fake_host, test=True), ziel(profil), SCHLUESSEL, fake_host)
    [eine] = gegenstelle.hole_ab()
    assert quittung.stufe is Stufe.UEBERGEBEN
    assert eine.kennung == quittung.kennung
    assert {XML, b"a.pdf"} <= set(eine.dateien.values())
    [metadaten] = [inhalt for pfad, inhalt in eine.dateien.items() if pfad.endswith("metadaten.xml")]
    werte = {kind.tag: kind.text for kind in etree.fromstring(metadaten)}
    assert werte["Kennung"] == quittung.kennung
    assert (werte["Anlagen"], werte["Test"]) == ("1", "true")
    assert list(gegenstelle.importordner.iterdir()) == [], "nothing of ours stays"


@beide
def test_the_same_key_twice_is_handed_over_once_also_after_it_was_taken(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle, eine = seite(profil), sendung(fake_host)
    erste = comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    zweite = comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    gegenstelle.hole_ab()
    dritte = comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    assert erste.kennung == zweite.kennung == dritte.kennung
    assert len(gegenstelle.uebergeben) == 1
    assert sichtbar(gegenstelle.importordner) == []


@beide
def test_another_fassung_is_handed_over_anew(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    for schluessel in ("v1:cv:1", "v1:cv:2"):
        comvibilia.deliver(sendung(fake_host), ziel(profil), schluessel, fake_host)
    assert len(gegenstelle.hole_ab()) == 2


@beide
def test_find_delivered_knows_nothing_before_and_everything_after(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    assert comvibilia.find_delivered(ziel(profil), SCHLUESSEL, fake_host) is None
    comvibilia.deliver(sendung(fake_host), ziel(profil), SCHLUESSEL, fake_host)
    gegenstelle.runde()
    gegenstelle.runde()
    gefunden = comvibilia.find_delivered(ziel(profil), SCHLUESSEL, fake_host)
    assert gefunden is not None
    assert gefunden.stufe is Stufe.UEBERNOMMEN


@beide
def test_without_any_note_a_hand_over_that_lies_there_is_found_by_its_name(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    seite(profil)
    comvibilia.deliver(sendung(fake_host), ziel(profil), SCHLUESSEL, fake_host)
    fake_host.notizen.clear()
    gefunden = comvibilia.find_delivered(ziel(profil), SCHLUESSEL, fake_host)
    assert gefunden is not None
    assert comvibilia.find_delivered(ziel(profil), "v2:cv:1", fake_host) is None


def test_without_any_note_it_is_found_in_the_folder_of_what_was_sent(
    seite: Callable[..., ComVibilia], fake_host: FakeHost, tmp_path: Path
) -> None:
    gegenstelle = seite()
    comvibilia.deliver(sendung(fake_host), ziel(), SCHLUESSEL, fake_host)
    gesendet = tmp_path / "gesendet"
    gesendet.mkdir()
    [name] = sichtbar(gegenstelle.importordner)
    (gegenstelle.importordner / name).rename(gesendet / name)
    fake_host.notizen.clear()
    assert comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host) is None
    gefunden = comvibilia.find_delivered(ziel(auch_suchen=("gesendet",)), SCHLUESSEL, fake_host)
    assert gefunden is not None


@pytest.mark.parametrize(
    ("staende", "stufe"),
    [
        ([], Stufe.UEBERGEBEN),
        (["angenommen"], Stufe.TECHNISCH_BESTAETIGT),
        (["angenommen", "angenommen"], Stufe.TECHNISCH_BESTAETIGT),
        (["uebernommen", "angenommen"], Stufe.UEBERNOMMEN),
        (["Uebernommen"], Stufe.UEBERNOMMEN),
        (["etwas anderes"], Stufe.UEBERGEBEN),
    ],
)
def test_receipts_become_stages_in_any_order_and_number(
    staende: list[str], stufe: Stufe, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    quittung = comvibilia.deliver(sendung(fake_host), ziel(), SCHLUESSEL, fake_host)
    for stand in staende:
        gegenstelle.quittiere(quittung.kennung, stand)
    gefunden = comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host)
    assert gefunden is not None
    assert gefunden.stufe is stufe
    codes = {befund.code for befund in comvibilia.check(ziel(), fake_host)}
    assert ("comvibilia.quittung_unbekannt" in codes) == ("etwas anderes" in staende)


def test_a_receipt_counts_only_for_the_hand_over_it_names(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    quittung = comvibilia.deliver(sendung(fake_host), ziel(), SCHLUESSEL, fake_host)
    zettel = gegenstelle.quittiere("fw0000000000000000", "uebernommen")
    zettel.rename(zettel.with_name(f"9-{quittung.kennung}.laufzettel.xml"))
    gefunden = comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host)
    assert gefunden is not None
    assert gefunden.stufe is Stufe.UEBERGEBEN


def test_a_receipt_that_is_still_being_written_counts_the_next_time(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    quittung = comvibilia.deliver(sendung(fake_host), ziel(), SCHLUESSEL, fake_host)
    zettel = gegenstelle.quittiere(quittung.kennung, "uebernommen")
    ganz = zettel.read_bytes()
    stufen = []
    for inhalt in (ganz[:40], ganz):
        zettel.write_bytes(inhalt)
        gefunden = comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host)
        assert gefunden is not None
        stufen.append(gefunden.stufe)
    assert stufen == [Stufe.UEBERGEBEN, Stufe.UEBERNOMMEN]


def test_a_receipt_before_we_know_of_the_hand_over_is_proof_enough(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle, eine = seite(), sendung(fake_host)
    quittung = comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host)
    gegenstelle.hole_ab()
    gegenstelle.quittiere(quittung.kennung)
    fake_host.notizen.clear()
    assert comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host).stufe is Stufe.UEBERNOMMEN
    assert sichtbar(gegenstelle.importordner) == []


def test_a_rejection_is_held_and_goes_out_under_a_new_id_when_a_person_repeats_it(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle, eine = seite(quittung="abgelehnt"), sendung(fake_host)
    erste = comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host)
    gegenstelle.runde()
    gegenstelle.runde()
    with pytest.raises(NeedsHumanError) as fehler:
        comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host)
    assert fehler.value.code == "comvibilia.abgelehnt"
    assert "Prüfung" in fehler.value.befunde[0].text
    zweite = comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host)
    assert zweite.kennung != erste.kennung
    gefunden = comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host)
    assert gefunden is not None
    assert gefunden.stufe is Stufe.UEBERGEBEN


def test_taken_over_and_rejected_at_once_is_not_sent_again_before_a_person_releases_it(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle, eine = seite(), sendung(fake_host)
    quittung = comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host)
    gegenstelle.hole_ab()
    for stand in ("uebernommen", "abgelehnt"):
        gegenstelle.quittiere(quittung.kennung, stand)
    for tun in (
        lambda: comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host),
        lambda: comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host),
        lambda: comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host),
    ):
        with pytest.raises(NeedsHumanError) as fehler:
            tun()
        assert fehler.value.code == "quittung_widerspruch"
    assert sichtbar(gegenstelle.importordner) == []
    assert comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host).kennung != quittung.kennung


@beide
def test_a_full_disk_leaves_nothing_and_is_retried(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    gegenstelle, eine = seite(profil), sendung(fake_host)

    def voll(kennung: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(os, "fsync", voll)
    with pytest.raises(RetryableError) as fehler:
        comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    assert fehler.value.code == "comvibilia.voll"
    assert list(gegenstelle.importordner.iterdir()) == []
    monkeypatch.undo()
    assert comvibilia.find_delivered(ziel(profil), SCHLUESSEL, fake_host) is None
    comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    assert len(gegenstelle.hole_ab()) == 1


@beide
@pytest.mark.parametrize("wirkt", [True, False])
def test_a_rename_whose_answer_is_lost_is_unknown_only_if_it_may_have_happened(
    wirkt: bool, profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    gegenstelle, eine, echt = seite(profil), sendung(fake_host), os.replace

    def abgerissen(von: Any, nach: Any) -> None:
        letzter = profil == "ordner" or str(nach).endswith(".fertig")
        if wirkt or not letzter:
            echt(von, nach)
        if letzter:
            raise OSError(5, "lost")

    monkeypatch.setattr(os, "replace", abgerissen)
    with pytest.raises(OutcomeUnknownError if wirkt else RetryableError):
        comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    monkeypatch.undo()
    gefunden = comvibilia.find_delivered(ziel(profil), SCHLUESSEL, fake_host)
    assert (gefunden is not None) == wirkt
    comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    assert len(gegenstelle.hole_ab()) == 1


def test_the_drive_gone_is_retryable_for_delivering_and_asking(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle, eine = seite(), sendung(fake_host)
    weit = ziel(verzeichnis=str(gegenstelle.importordner), quittungen=str(gegenstelle.quittungen))
    gegenstelle.laufwerk_weg()
    for tun in (
        lambda: comvibilia.deliver(eine, weit, SCHLUESSEL, fake_host),
        lambda: comvibilia.find_delivered(weit, SCHLUESSEL, fake_host),
    ):
        with pytest.raises(RetryableError) as fehler:
            tun()
        assert fehler.value.code == "comvibilia.nicht_erreichbar"
    assert "comvibilia.nicht_erreichbar" in {befund.code for befund in comvibilia.check(weit, fake_host)}
    gegenstelle.laufwerk_da()
    comvibilia.deliver(eine, weit, SCHLUESSEL, fake_host)
    assert len(gegenstelle.hole_ab()) == 1


def test_a_read_only_folder_says_so(
    seite: Callable[..., ComVibilia], fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    seite()
    eine = sendung(fake_host)

    def verboten(*args: Any, **mehr: Any) -> None:
        raise PermissionError(13, "read only")

    monkeypatch.setattr(Path, "mkdir", verboten)
    with pytest.raises(RetryableError) as fehler:
        comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host)
    assert fehler.value.code == "comvibilia.verboten"


def test_an_application_without_xml_is_held_before_anything_is_written(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    for xml in (None, b"%PDF-1.7"):
        with pytest.raises(NeedsHumanError) as fehler:
            comvibilia.deliver(sendung(fake_host, xml), ziel(), SCHLUESSEL, fake_host)
        assert fehler.value.code == "comvibilia.kein_xml"
    assert list(gegenstelle.importordner.iterdir()) == []


def test_a_folder_too_deep_for_windows_is_refused_with_the_remedy(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    seite()
    tief = ziel(verzeichnis="cv/import/" + "tief/" * 40)
    with pytest.raises(PermanentError) as fehler:
        comvibilia.deliver(sendung(fake_host), tief, SCHLUESSEL, fake_host)
    assert fehler.value.code == "comvibilia.pfad_zu_lang"


def test_hostile_and_equal_names_of_attachments_become_safe_different_ones(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    namen = ("a.pdf", "A.PDF", "a.pdf", "../../etc/passwd", "CON", "x" * 300 + ".pdf", "", "é\u202e.exe", ".fertig")
    comvibilia.deliver(sendung(fake_host, namen=namen), ziel(), SCHLUESSEL, fake_host)
    [eine] = gegenstelle.hole_ab()
    anlagen = [pfad.rsplit("/", 1)[-1] for pfad in eine.dateien if "/attachments/0" in pfad]
    assert len({name.casefold() for name in anlagen}) == len(namen)
    assert all(name.isascii() and len(name) < 90 for name in anlagen)


def test_what_nobody_takes_is_seen_in_check(seite: Callable[..., ComVibilia], fake_host: FakeHost) -> None:
    gegenstelle = seite()
    comvibilia.deliver(sendung(fake_host), ziel(), SCHLUESSEL, fake_host)
    [name] = sichtbar(gegenstelle.importordner)
    alt = fake_host.now().timestamp() - 7200
    os.utime(gegenstelle.importordner / name, (alt, alt))
    assert "comvibilia.nicht_abgeholt" in {befund.code for befund in comvibilia.check(ziel(), fake_host)}


def test_a_crash_at_the_switch_whose_files_are_gone_waits_for_the_receipt_then_asks_a_person(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle, eine = seite(), sendung(fake_host)
    quittung = comvibilia.deliver(eine, ziel(), SCHLUESSEL, fake_host)
    gegenstelle.hole_ab()
    fake_host.notizen[SCHLUESSEL, "uebergabe.uebergeben"] = ""
    codes = []
    for stunden in (0, 2):
        fake_host.vergehe(hours=stunden)
        with pytest.raises(StepError) as fehler:
            comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host)
        codes.append(fehler.value.code)
    assert codes == ["comvibilia.quittung_abwarten", "ausgang_unbekannt"]
    gegenstelle.quittiere(quittung.kennung)
    gefunden = comvibilia.find_delivered(ziel(), SCHLUESSEL, fake_host)
    assert gefunden is not None
    assert gefunden.stufe is Stufe.UEBERNOMMEN
