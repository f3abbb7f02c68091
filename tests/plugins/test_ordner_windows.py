"""COM Vibilia and PROSOZ by folder on a file system with the manners of Windows: handed over, received, retried."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from prosoz_welt import ordnerwelt

import fachwerk_comvibilia as comvibilia
from fachwerk.errors import RetryableError
from fachwerk.modell import Antrag, Eingang, Empfehlung, Entscheidung, Kanal, Sendung, Stufe, Ziel
from fachwerk.testkit.windows import Windows
from fachwerk.testkit.wirt import FakeHost
from fachwerk_comvibilia.settings import Kanaleinstellungen, Zieleinstellungen
from fachwerk_comvibilia.simulator import ComVibilia, Nachricht
from fachwerk_prosoz.simulator import OrdnerSimulator

SCHLUESSEL = "v1:cv:1"
TAG = datetime(2026, 3, 2, tzinfo=UTC)
BOESE = ("CON.pdf", "con.PDF", "Brief. ", "a:b?.pdf", "Gr\u00f6\u00dfe.pdf", "Gro\u0308\u00dfe.pdf", "x" * 200 + ".pdf")
"""Devices, equal names where case or the form of umlauts does not count, reserved characters, too long."""

beide = pytest.mark.parametrize("profil", ["ordner", "flach"])
Seite = Callable[..., ComVibilia]


def ziel(profil: str) -> Ziel:
    werte = Zieleinstellungen(verzeichnis="cv/import", profil=profil, quittungen="cv/quittungen")
    return Ziel(name="cv", plugin="comvibilia", einstellungen=werte)


def kanal(profil: str) -> Kanal:
    return Kanal(
        name="e", plugin="comvibilia", einstellungen=Kanaleinstellungen(verzeichnis="cv/export", profil=profil)
    )


def sendung(host: FakeHost, namen: tuple[str, ...] = BOESE) -> Sendung:
    original = host.inhalt.schreibe([b"<antrag/>"], "antrag.xml", "application/xml")
    anlagen = tuple(host.inhalt.schreibe([name.encode()], name, "application/pdf") for name in namen)
    antrag = Antrag(leistung="wbs", empfangen=TAG, original=original, anlagen=anlagen)
    return comvibilia.render(antrag, Entscheidung(empfehlung=Empfehlung.VORLEGEN, stichtag=TAG.date()), ziel("ordner"))


def hole(k: Kanal, host: FakeHost) -> list[Eingang]:
    geholt = []
    for eingang in comvibilia.receive(k, host):
        geholt.append(eingang)
        comvibilia.acknowledge(k, eingang, host)
    return geholt


def dateien(ordner: Path) -> list[Path]:
    return [pfad for pfad in ordner.rglob("*") if pfad.is_file()]


@beide
def test_com_vibilia_takes_a_hand_over_with_hostile_names_whole_and_once(
    profil: str, seite: Seite, fake_host: FakeHost, windows: Windows
) -> None:
    gegenstelle, eine = seite(profil), sendung(fake_host)
    quittung = comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    assert comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host).kennung == quittung.kennung
    inhalte = [pfad.read_bytes() for pfad in dateien(gegenstelle.importordner)]
    assert all(name.encode() in inhalte for name in BOESE)
    assert max(len(str(pfad)) for pfad in dateien(gegenstelle.importordner)) <= 259


@beide
def test_com_vibilia_is_handed_over_to_when_a_scanner_lets_go(
    profil: str, seite: Seite, fake_host: FakeHost, windows: Windows
) -> None:
    gegenstelle = seite(profil)
    eine = sendung(fake_host, ("a.pdf",))
    echt = os.fsync

    def haelt_fest(kennung: int) -> None:
        echt(kennung)
        windows.halte_offen(next(iter(dateien(gegenstelle.importordner))))

    with pytest.MonkeyPatch.context() as scanner:
        scanner.setattr(os, "fsync", haelt_fest)
        with pytest.raises(RetryableError, match=r"comvibilia\.verboten"):
            comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    assert [name for name in os.listdir(gegenstelle.importordner) if not name.startswith(".")] == []
    windows.gib_frei()
    assert comvibilia.find_delivered(ziel(profil), SCHLUESSEL, fake_host) is None
    comvibilia.deliver(eine, ziel(profil), SCHLUESSEL, fake_host)
    [eine_uebergabe] = gegenstelle.hole_ab()
    assert b"a.pdf" in eine_uebergabe.dateien.values()
    assert list(gegenstelle.importordner.iterdir()) == [], "nothing of the first attempt stays"


@beide
def test_a_message_is_received_and_moved_and_one_held_open_comes_the_next_time(
    profil: str, seite: Seite, fake_host: FakeHost, windows: Windows
) -> None:
    gegenstelle = seite(profil)
    gegenstelle.lege_ab(Nachricht(b"<antrag/>", [("Nachweis.pdf", b"%PDF-1.7 erfunden")], nachricht_id="m-1"))
    for pfad in dateien(gegenstelle.export):
        windows.halte_offen(pfad)
    with pytest.raises(RetryableError, match=r"comvibilia\.verboten"):
        hole(kanal(profil), fake_host)
    assert not [p for p in dateien(gegenstelle.export) if "verarbeitet" in p.parts], "nothing is half moved"
    windows.gib_frei()
    assert [eingang.nachricht_id for eingang in hole(kanal(profil), fake_host)] == ["m-1"]
    assert all("verarbeitet" in pfad.parts for pfad in dateien(gegenstelle.export))
    assert hole(kanal(profil), fake_host) == []


def test_prosoz_finds_a_case_whole_with_its_trigger(tmp_path: Path, windows: Windows) -> None:
    lieferwelt = ordnerwelt(tmp_path)
    sendung = lieferwelt.sendung()
    quittung = lieferwelt.liefere(sendung)
    assert lieferwelt.liefere(sendung).kennung == quittung.kennung
    assert (tmp_path / "prosoz/eingang" / f"{quittung.kennung}.fertig").is_file()
    assert not list((tmp_path / "prosoz/.fachwerk-neu").iterdir())
    OrdnerSimulator(tmp_path / "prosoz").runde()
    gefunden = lieferwelt.finde()
    assert gefunden is not None
    assert gefunden.stufe is not Stufe.UEBERGEBEN


def test_prosoz_is_handed_over_to_when_a_scanner_lets_go(tmp_path: Path, windows: Windows) -> None:
    lieferwelt = ordnerwelt(tmp_path)
    sendung = lieferwelt.sendung()
    echt = os.fsync

    def haelt_fest(kennung: int) -> None:
        echt(kennung)
        windows.halte_offen(next(iter(dateien(tmp_path / "prosoz/.fachwerk-neu"))))

    with pytest.MonkeyPatch.context() as scanner:
        scanner.setattr(os, "fsync", haelt_fest)
        with pytest.raises(RetryableError, match=r"prosoz\.verboten"):
            lieferwelt.liefere(sendung)
    assert list((tmp_path / "prosoz/eingang").iterdir()) == []
    windows.gib_frei()
    assert lieferwelt.liefere(sendung).stufe is Stufe.UEBERGEBEN
    assert len(list((tmp_path / "prosoz/eingang").glob("*.fertig"))) == 1
    assert not list((tmp_path / "prosoz/.fachwerk-neu").iterdir())


@pytest.mark.parametrize("paar", [("Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"), ("Antrag", "ANTRAG")])
def test_two_messages_whose_names_a_folder_may_take_for_one_lie_side_by_side_in_verarbeitet(
    seite: Seite, fake_host: FakeHost, tmp_path: Path, paar: tuple[str, str]
) -> None:
    export = seite("ordner").export
    for nummer, name in enumerate(paar):
        nachricht = Nachricht(b"<antrag/>", [], nachricht_id=f"m-{nummer}")
        seite("ordner").lege_ab(nachricht)
        [neu] = [pfad for pfad in export.iterdir() if pfad.is_dir() and pfad.name != "verarbeitet"]
        neu.rename(export / name)
        assert len(hole(kanal("ordner"), fake_host)) == 1
    verarbeitet = [pfad.name for pfad in (export / "verarbeitet" / "2026-03-02").iterdir()]
    assert sorted(verarbeitet) == sorted([paar[0], f"{paar[1]}-2"])
