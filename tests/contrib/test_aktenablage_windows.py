"""The case folder on a file system with the manners of Windows."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import fachwerk_aktenablage as ablage
from fachwerk.errors import RetryableError
from fachwerk.modell import Anlage, Sendung, Teil
from fachwerk.testkit.wirt import FakeHost
from fachwerk_aktenablage.dateinamen import sichere_namen

SCHLUESSEL = "vorgang-1:akte:1"


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(ordner=tmp_path)


@pytest.fixture
def ausgang(tmp_path: Path) -> Path:
    return tmp_path / "ausgang" / "akte"


def teil(name: str, inhalt: bytes = b"Inhalt") -> Teil:
    return Teil.entwurf(name, "text/plain", lambda: iter([inhalt]))


def klein(*pfade: str) -> Sendung:
    return Sendung(
        ziel="akte",
        bezeichnung="wbs_2026-03-01_3f0c8a5277aa",
        anlagen=tuple(Anlage(pfad=pfad, teil=teil(pfad)) for pfad in pfade),
    )


def sichtbar(ordner: Path) -> list[str]:
    return sorted(pfad.name for pfad in ordner.iterdir() if not pfad.name.startswith("."))


def test_a_whole_case_is_written_found_and_not_written_twice(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    ziel = aktenablage_faelle.ziel(zip=True, spiegel="spiegel")
    sendung = ablage.render(aktenablage_faelle.antrag(host.inhalt), aktenablage_faelle.entscheidung(), ziel)
    quittung = ablage.deliver(sendung, ziel, SCHLUESSEL, host)
    assert ablage.deliver(sendung, ziel, SCHLUESSEL, host) == quittung
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) == quittung
    for ordner in (ausgang, host.ordner / "spiegel"):
        assert sorted(pfad.name for pfad in ordner.iterdir()) == [quittung.kennung, f"{quittung.kennung}.zip"]


def test_a_folder_that_somebody_else_made_is_not_replaced(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    ziel = aktenablage_faelle.ziel()
    quittung = ablage.deliver(klein("a.txt"), ziel, SCHLUESSEL, host)
    (ausgang / quittung.kennung / ".fachwerk.json").unlink()
    assert ablage.deliver(klein("a.txt"), ziel, SCHLUESSEL, host).kennung == f"{quittung.kennung}_2"


def test_a_scanner_that_holds_a_new_file_delays_the_case_and_leaves_nothing_half(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    ziel = aktenablage_faelle.ziel()

    def belegt() -> Any:
        yield b"Inhalt"
        (entwurf,) = ausgang.iterdir()
        windows.halte_offen(entwurf / "a.txt")

    sendung = klein("a.txt").model_copy(
        update={"anlagen": (Anlage(pfad="a.txt", teil=Teil.entwurf("a.txt", "text/plain", belegt)),)}
    )
    with pytest.raises(RetryableError, match=r"ablage\.verboten"):
        ablage.deliver(sendung, ziel, SCHLUESSEL, host)
    assert sichtbar(ausgang) == []
    quittung = ablage.deliver(klein("a.txt"), ziel, SCHLUESSEL, host)
    assert sichtbar(ausgang) == [quittung.kennung]
    assert ablage.deliver(klein("a.txt"), ziel, SCHLUESSEL, host) == quittung


def test_a_path_that_would_be_too_long_is_said_before_anything_is_written(
    host: FakeHost, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    lang = "o" * (230 - len(str(host.ordner)))
    with pytest.raises(RetryableError, match=r"ablage\.pfad_lang") as gemeldet:
        ablage.deliver(klein("anlagen/01_a.txt"), aktenablage_faelle.ziel(lang), SCHLUESSEL, host)
    assert "verzeichnis" in gemeldet.value.hint
    assert "259" in gemeldet.value.hint
    assert list((host.ordner / lang).iterdir()) == []


def test_the_longest_path_that_is_let_through_can_be_written(
    host: FakeHost, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    """Try every length of folder around the limit: each is refused beforehand or written whole."""
    geschrieben, verweigert = 0, []
    for laenge in range(1, 160, 3):
        ordner = "o" * laenge
        if len(str(host.ordner / ordner)) > 240:
            break
        try:
            ablage.deliver(klein("anlagen/01_" + "a" * 73 + ".txt"), aktenablage_faelle.ziel(ordner), SCHLUESSEL, host)
            geschrieben += 1
        except RetryableError as fehler:
            verweigert.append(fehler.code)
    assert geschrieben
    assert set(verweigert) == {"ablage.pfad_lang"}


def test_names_of_devices_and_names_that_differ_in_case_are_made_safe(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    gesendet = ["CON.txt", "con.TXT", "aux", "Brief. ", "LPT1.pdf", "a.txt", "A.TXT", "x:y|z?.txt"]
    namen = sichere_namen((name, "text/plain") for name in gesendet)
    ziel = aktenablage_faelle.ziel()
    quittung = ablage.deliver(klein(*(f"anlagen/{name}" for name in namen)), ziel, SCHLUESSEL, host)
    assert sichtbar(ausgang / quittung.kennung / "anlagen") == sorted(namen)
