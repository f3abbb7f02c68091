"""The case folder on a file system with the manners of Windows."""

from __future__ import annotations

import os
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


def test_where_the_path_is_long_only_the_name_of_the_folder_is_shortened_and_its_hash_stays(
    host: FakeHost, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    innen = "anlagen/01_" + "a" * 73 + ".txt"
    ordner = "o" * (259 - 2 - len(innen) - 40 - len(str(host.ordner)) - 1)
    ziel = aktenablage_faelle.ziel(ordner, zip=True)
    eins, zwei = (ablage.deliver(klein(innen), ziel, schluessel, host) for schluessel in (SCHLUESSEL, "v-2:akte:1"))
    assert len(eins.kennung) < 40
    assert eins.kennung != zwei.kennung
    assert (host.ordner / ordner / eins.kennung / innen).is_file()
    assert ablage.deliver(klein(innen), ziel, SCHLUESSEL, host) == eins
    ablage.forget(ziel, SCHLUESSEL, host)
    assert sorted(os.listdir(host.ordner / ordner)) == [zwei.kennung, f"{zwei.kennung}.zip"]


def test_a_key_that_is_delivered_again_is_found_under_its_longer_name(
    host: FakeHost, aktenablage_faelle: ModuleType, windows: Any
) -> None:
    """The same folder may get files with longer names in a later version; what is there stays what it is."""
    ziel = aktenablage_faelle.ziel()
    kurz = ablage.deliver(klein("a.txt"), ziel, SCHLUESSEL, host)
    assert ablage.deliver(klein("anlagen/" + "a" * 76 + ".txt"), ziel, SCHLUESSEL, host) == kurz


@pytest.mark.parametrize(
    "paar", [("Gr\u00f6\u00dfe.pdf", "Gro\u0308\u00dfe.pdf"), ("\u212bngstr\u00f6m.pdf", "\u00c5ngstr\u00f6m.pdf")]
)
def test_names_that_are_equal_but_for_the_form_of_their_letters_lie_side_by_side(paar: tuple[str, str]) -> None:
    eins, zwei = sichere_namen((name, "application/pdf") for name in paar)
    assert eins.lower() != zwei.lower()
    assert zwei == f"{eins.removesuffix('.pdf')}-2.pdf"
