"""Receiving from the export folder: nothing that is being written is touched, nothing complete is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fachwerk_comvibilia as comvibilia
from fachwerk.errors import RetryableError
from fachwerk.modell import Eingang, Kanal
from fachwerk.testkit.wirt import FakeHost
from fachwerk_comvibilia.settings import Kanaleinstellungen
from fachwerk_comvibilia.simulator import ComVibilia, Nachricht

XML = b"<antrag/>"
PDF = b"%PDF-1.7 erfunden"
MELDUNG = Nachricht(XML, [("Nachweis Miete.pdf", PDF), ("zweites.pdf", b"")], nachricht_id="m-1")

beide = pytest.mark.parametrize("profil", ["ordner", "flach"])


def kanal(profil: str = "ordner", **mehr: Any) -> Kanal:
    werte = {"verzeichnis": "cv/export", "profil": profil, **mehr}
    return Kanal(name="export", plugin="comvibilia", einstellungen=Kanaleinstellungen(**werte))


def hole(k: Kanal, host: FakeHost) -> list[Eingang]:
    """One poll as the core does it: store, acknowledge, ask for the next; no folder may be left half moved."""
    geholt = []
    for eingang in comvibilia.receive(k, host):
        geholt.append(eingang)
        comvibilia.acknowledge(k, eingang, host)
    return geholt


def inhalte(eingang: Eingang) -> list[bytes]:
    return [teil.oeffnen().read() for teil in eingang.teile]


def liegt(ordner: Path) -> set[str]:
    return {pfad.relative_to(ordner).as_posix() for pfad in ordner.rglob("*") if pfad.is_file()}


@beide
def test_a_complete_message_becomes_an_eingang_with_the_message_first(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    gegenstelle.lege_ab(MELDUNG)
    [eingang] = hole(kanal(profil), fake_host)
    assert eingang.nachricht_id == "m-1"
    assert inhalte(eingang) == [XML, PDF, b""]
    assert [teil.medientyp for teil in eingang.teile] == ["application/xml", "application/pdf", "application/pdf"]
    assert not eingang.test


@beide
def test_an_acknowledged_message_lies_complete_in_verarbeitet_and_comes_no_more(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    gegenstelle.lege_ab(MELDUNG)
    vorher = {Path(pfad).name for pfad in liegt(gegenstelle.export)}
    hole(kanal(profil), fake_host)
    nachher = liegt(gegenstelle.export)
    assert {Path(pfad).name for pfad in nachher} == vorher
    assert all(pfad.startswith("verarbeitet/2026-03-02/") for pfad in nachher)
    assert hole(kanal(profil), fake_host) == []


@beide
def test_nothing_is_moved_before_the_core_acknowledges(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    gegenstelle.lege_ab(MELDUNG)
    vorher = liegt(gegenstelle.export)
    erster = list(comvibilia.receive(kanal(profil), fake_host))
    zweiter = list(comvibilia.receive(kanal(profil), fake_host))
    assert liegt(gegenstelle.export) == vorher
    assert [e.nachricht_id for e in erster] == [e.nachricht_id for e in zweiter]


@beide
def test_acknowledging_twice_does_nothing_the_second_time(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    gegenstelle.lege_ab(MELDUNG)
    [eingang] = hole(kanal(profil), fake_host)
    vorher = liegt(gegenstelle.export)
    comvibilia.acknowledge(kanal(profil), eingang, fake_host)
    assert liegt(gegenstelle.export) == vorher


@beide
def test_a_late_acknowledgement_never_takes_a_new_message_of_the_same_name(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil, gleiche_namen=True)
    gegenstelle.lege_ab(MELDUNG)
    [alt] = hole(kanal(profil), fake_host)
    gegenstelle.lege_ab(Nachricht(b"<anderer/>", [("a.pdf", b"anders")], "m-2"))
    comvibilia.acknowledge(kanal(profil), alt, fake_host)
    [neu] = hole(kanal(profil), fake_host)
    assert neu.nachricht_id == "m-2"
    assert inhalte(neu) == [b"<anderer/>", b"anders"]


@beide
def test_deleting_by_setting_leaves_nothing_behind(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil)
    gegenstelle.lege_ab(MELDUNG)
    assert len(hole(kanal(profil, nachher="loeschen"), fake_host)) == 1
    assert list(gegenstelle.export.iterdir()) == []


@beide
def test_a_message_written_slowly_is_left_alone_until_its_last_piece(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil, schritte=3)
    gegenstelle.lege_ab(MELDUNG)
    gesehen = []
    for _ in range(20):
        gesehen += hole(kanal(profil), fake_host)
        gegenstelle.runde()
    [eingang] = gesehen
    assert inhalte(eingang) == [XML, PDF, b""]


@beide
def test_a_forgotten_marker_leaves_the_message_alone_and_check_says_so_after_an_hour(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(profil, ohne_marke=True)
    gegenstelle.lege_ab(MELDUNG)
    vorher = liegt(gegenstelle.export)
    fake_host.zeit = zeit_der_dateien(gegenstelle.export, fake_host)
    assert hole(kanal(profil), fake_host) == []
    assert "comvibilia.liegt" not in {befund.code for befund in comvibilia.check(kanal(profil), fake_host)}
    fake_host.vergehe(hours=2)
    [befund] = [b for b in comvibilia.check(kanal(profil), fake_host) if b.code == "comvibilia.liegt"]
    assert "Markierung fehlt" in befund.text
    with pytest.raises(RetryableError) as fehler:
        hole(kanal(profil), fake_host)
    assert fehler.value.code == "comvibilia.unvollstaendig"
    assert "nachricht-00001" not in str(fehler.value.details)
    assert liegt(gegenstelle.export) == vorher


def zeit_der_dateien(ordner: Path, host: FakeHost) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(max(p.stat().st_mtime for p in ordner.rglob("*")) + 1, UTC)


@pytest.mark.parametrize("sperre", ["uebergabe.sperre", "n1/n1.sperre", "n1/attachments/gross.pdf.part"])
def test_a_lock_file_holds_the_message(sperre: str, seite: Callable[..., ComVibilia], fake_host: FakeHost) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(Nachricht(XML, MELDUNG.anlagen, "m-1", name="n1"))
    (gegenstelle.export / sperre).write_bytes(b"")
    assert hole(kanal(), fake_host) == []
    (gegenstelle.export / sperre).unlink()
    assert len(hole(kanal(), fake_host)) == 1


def test_two_looks_must_be_alike_where_the_site_asks_for_it(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(ohne_marke=True)
    gegenstelle.lege_ab(Nachricht(XML, MELDUNG.anlagen, "m-1", name="n1"))
    k = kanal(fertig=("zweimal_gleich",))
    assert hole(k, fake_host) == []
    with open(gegenstelle.export / "n1" / "attachments" / "zweites.pdf", "ab") as datei:
        datei.write(b"waechst")
    assert hole(k, fake_host) == []
    assert inhalte(hole(k, fake_host)[0])[-1] == b"waechst"


def test_a_file_listed_in_the_metadata_but_missing_leaves_the_folder_alone(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(Nachricht(XML, MELDUNG.anlagen, "m-1", name="n1"))
    (gegenstelle.export / "n1" / "attachments" / "zweites.pdf").unlink()
    with pytest.raises(RetryableError) as fehler:
        hole(kanal(), fake_host)
    assert fehler.value.details["gruende"] == "dateien_fehlen"
    assert (gegenstelle.export / "n1" / "uebergabe.fertig").is_file()


def test_one_bad_message_does_not_hide_the_others(seite: Callable[..., ComVibilia], fake_host: FakeHost) -> None:
    gegenstelle = seite()
    for nummer in range(3):
        gegenstelle.lege_ab(Nachricht(XML, [], f"m-{nummer}", name=f"n{nummer}"))
    (gegenstelle.export / "n1" / "metadaten.xml").write_bytes(b"<!DOCTYPE a><Angaben/>")
    geholt: list[Eingang] = []
    with pytest.raises(RetryableError) as fehler:
        _sammle(kanal(), fake_host, geholt)
    assert {eingang.nachricht_id for eingang in geholt} == {"m-0", "m-2"}
    assert fehler.value.details["gruende"] == "metadaten_unlesbar"
    assert not fehler.value.routenfehler


def _sammle(k: Kanal, host: FakeHost, in_: list[Eingang]) -> list[Eingang]:
    for eingang in comvibilia.receive(k, host):
        in_.append(eingang)
        comvibilia.acknowledge(k, eingang, host)
    return in_


def test_without_an_id_the_same_folder_twice_is_the_same_message_and_other_content_is_another(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite(gleiche_namen=True)
    kennungen = []
    for xml in (XML, XML, b"<anderer/>"):
        gegenstelle.lege_ab(Nachricht(xml))
        kennungen += [eingang.nachricht_id for eingang in hole(kanal(), fake_host)]
    assert len(kennungen) == 3
    assert kennungen[0] == kennungen[1] != kennungen[2]
    tag = gegenstelle.export / "verarbeitet" / "2026-03-02"
    assert len(list(tag.iterdir())) == 3, "equal names do not overwrite each other"


def test_the_id_of_a_message_never_shows_the_name_of_its_folder(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    seite().lege_ab(Nachricht(XML, name="Antrag Erika Musterfrau"))
    [eingang] = hole(kanal(), fake_host)
    assert "Musterfrau" not in eingang.nachricht_id
    assert "Musterfrau" not in str(fake_host.protokoll)


def test_a_test_message_is_marked_as_one(seite: Callable[..., ComVibilia], fake_host: FakeHost) -> None:
    seite().lege_ab(Nachricht(XML, test=True))
    assert [eingang.test for eingang in hole(kanal(), fake_host)] == [True]
