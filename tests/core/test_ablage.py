"""Writing into folders: whole or not at all, nothing replaced, and every refusal in words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fachwerk import ablage, vorlage
from fachwerk.ablage import Stoermelder, Stoerung
from fachwerk.anlegen import lege_an as lege_standort_an
from fachwerk.errors import ConfigError, RetryableError
from fachwerk.testkit.ordnerstoerung import gestoert
from fachwerk.testkit.windows import Windows

MELDER = Stoermelder("muster", "Musterordner", codes={Stoerung.FEHLT: "muster.weg"})


@pytest.mark.parametrize(
    ("nummer", "code", "wort"),
    [
        (errno.ENOSPC, "muster.voll", "Platz"),
        (errno.EDQUOT, "muster.voll", "Kontingent"),
        (errno.EROFS, "muster.verboten", "nur lesen"),
        (errno.EACCES, "muster.verboten", "Schreibrechte"),
        (errno.EPERM, "muster.verboten", "Schreibrechte"),
        (errno.ENOENT, "muster.weg", "Laufwerk verbinden"),
        (errno.ESTALE, "muster.gestoert", "Netzlaufwerk antwortet nicht"),
        (errno.EHOSTDOWN, "muster.gestoert", "Netzlaufwerk antwortet nicht"),
        (errno.EXDEV, "muster.laufwerk", "auf dasselbe Laufwerk"),
        (errno.ENAMETOOLONG, "muster.pfad_lang", "kürzeren Ordner"),
        (errno.EIO, "muster.gestoert", "EIO"),
    ],
)
def test_every_refusal_has_a_code_a_reason_and_an_advice_and_may_be_tried_again(
    tmp_path: Path, nummer: int, code: str, wort: str
) -> None:
    with pytest.raises(RetryableError) as gemeldet, MELDER.uebersetzt(tmp_path):
        raise OSError(nummer, os.strerror(nummer), str(tmp_path / "Müller.pdf"))
    assert gemeldet.value.code == code
    assert wort in gemeldet.value.hint
    assert str(tmp_path) in gemeldet.value.hint
    assert "Müller" not in str(gemeldet.value), "names of files may be those of persons"


@pytest.mark.parametrize(
    ("windows", "als_errno", "art"),
    [
        (112, errno.ENOSPC, Stoerung.VOLL),
        (39, errno.EACCES, Stoerung.VOLL),
        (19, errno.EACCES, Stoerung.NUR_LESEN),
        (32, errno.EACCES, Stoerung.VERBOTEN),
        (53, errno.ENOENT, Stoerung.GETRENNT),
        (64, errno.ENOENT, Stoerung.GETRENNT),
        (59, errno.EINVAL, Stoerung.GETRENNT),
        (206, errno.ENOENT, Stoerung.PFAD_LANG),
        (3, errno.ENOENT, Stoerung.FEHLT),
        (87, errno.EINVAL, Stoerung.GESTOERT),
    ],
)
def test_what_windows_says_in_its_own_numbers_is_understood(windows: int, als_errno: int, art: Stoerung) -> None:
    fehler = OSError(als_errno, "")
    fehler.winerror = windows  # type: ignore[attr-defined,unused-ignore]
    assert ablage.stoerung(fehler) is art


def test_errors_of_whoever_gives_the_content_pass_unchanged(tmp_path: Path) -> None:
    def kaputt() -> Iterator[bytes]:
        yield b"Anfang"
        raise RetryableError("inhalt_gestoert", "Der Speicher antwortet nicht.")

    with pytest.raises(RetryableError, match="inhalt_gestoert"):
        ablage.schreibe(tmp_path / "a", kaputt(), MELDER)


def test_a_file_is_written_hashed_and_never_over_another(tmp_path: Path) -> None:
    geschrieben = ablage.schreibe(tmp_path / "a.txt", [b"ab", b"c"], MELDER)
    assert geschrieben == ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3)
    with pytest.raises(RetryableError):
        ablage.schreibe(tmp_path / "a.txt", [b"anders"], MELDER)
    assert (tmp_path / "a.txt").read_bytes() == b"abc"


def test_a_whole_file_appears_at_once_or_not_at_all(tmp_path: Path) -> None:
    ziel = tmp_path / "akte.zip"

    def brich_ab() -> None:
        with ablage.im_ganzen(ziel) as datei:
            datei.write(b"halb")
            raise ValueError("Abbruch")

    with pytest.raises(ValueError, match="Abbruch"):
        brich_ab()
    assert list(tmp_path.iterdir()) == []
    with ablage.im_ganzen(ziel) as datei:
        datei.write(b"ganz")
        assert not ziel.exists()
    assert ziel.read_bytes() == b"ganz"
    with ablage.im_ganzen(ziel) as datei:
        datei.write(b"zweiter")
    assert ziel.read_bytes() == b"ganz", "what is there stays"
    assert list(tmp_path.iterdir()) == [ziel]


@pytest.mark.parametrize("art", ["voll", "voll_beim_schreiben", "nur_lesen"])
def test_a_disk_that_refuses_leaves_no_half_file(tmp_path: Path, art: str) -> None:
    ordner = tmp_path / "o"
    ordner.mkdir()
    with gestoert(ordner, art), pytest.raises(OSError, match=r"space|Read-only"), ablage.im_ganzen(ordner / "a") as d:
        d.write(b"Inhalt")
    assert list(ordner.iterdir()) == []


@pytest.mark.parametrize("vorhanden", ["datei", "leerer_ordner", "verweis"])
def test_a_rename_replaces_nothing(tmp_path: Path, vorhanden: str) -> None:
    neu, da = tmp_path / "neu", tmp_path / "da"
    neu.mkdir()
    if vorhanden == "datei":
        da.write_bytes(b"fremd")
    elif vorhanden == "leerer_ordner":
        da.mkdir()
    else:
        da.symlink_to(tmp_path / "nirgends")
    assert not ablage.benenne_um(neu, da)
    assert neu.is_dir()
    assert ablage.benenne_um(neu, tmp_path / "frei")
    assert not neu.exists()


def test_a_link_is_removed_and_what_it_points_to_stays(tmp_path: Path) -> None:
    fremd = tmp_path / "fremd"
    fremd.mkdir()
    (fremd / "a.txt").write_bytes(b"bleibt")
    (tmp_path / "verweis").symlink_to(fremd)
    assert ablage.nimm_weg(tmp_path / "verweis", ".weg-")
    assert [pfad.name for pfad in tmp_path.iterdir()] == ["fremd"]
    assert (fremd / "a.txt").read_bytes() == b"bleibt"


def test_what_is_gone_already_is_no_error_and_a_folder_that_is_gone_is_one(tmp_path: Path) -> None:
    assert not ablage.nimm_weg(tmp_path / "nichts", ".weg-")
    with pytest.raises(FileNotFoundError):
        ablage.nimm_weg(tmp_path / "fehlt" / "nichts", ".weg-")


def test_leftovers_are_found_by_the_beginning_of_their_names_and_nothing_else_is_touched(tmp_path: Path) -> None:
    for name in (".neu-abc-1", ".weg-abc-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_bytes(b"x")
    (tmp_path / ".neu-xyz-1").mkdir()
    ablage.raeume(tmp_path, (".neu-abc-", ".weg-abc-"), ".weg-abc-")
    assert [pfad.name for pfad in tmp_path.iterdir()] == [".neu-xyz-1"]


# -- with the manners of Windows ------------------------------------------------------------------------------------


def test_the_fake_itself_refuses_what_windows_refuses(tmp_path: Path, windows: Windows) -> None:
    for name in ("con", "LPT1.txt", "a.", "a ", "a:b", "a?"):
        with pytest.raises(OSError, match="123"):
            (tmp_path / name).mkdir()
    (tmp_path / "a").mkdir()
    with pytest.raises(FileExistsError):
        (tmp_path / "A").mkdir()
    with pytest.raises(PermissionError):
        os.open(tmp_path / "a", os.O_RDONLY)
    with open(tmp_path / "a" / "b.txt", "xb"), pytest.raises(PermissionError):
        (tmp_path / "a").rename(tmp_path / "c")
    with pytest.raises(FileNotFoundError):
        (tmp_path / ("x" * 255)).mkdir()
    (tmp_path / "c").mkdir()
    with pytest.raises(FileExistsError):
        (tmp_path / "a").rename(tmp_path / "c")
    with pytest.raises(PermissionError):
        (tmp_path / "a" / "b.txt").replace(tmp_path / "c")


def test_on_windows_whole_files_and_folders_appear_and_go(tmp_path: Path, windows: Windows) -> None:
    ordner = tmp_path / "o" / "p"
    ablage.lege_ordner_an(ordner)
    with ablage.im_ganzen(ordner / "a.txt") as datei:
        datei.write(b"x")
    assert not ablage.benenne_um(ordner, tmp_path / "O")
    assert ablage.benenne_um(ordner, tmp_path / "q")
    assert ablage.nimm_weg(tmp_path / "q", ".weg-")
    assert [pfad.name for pfad in tmp_path.iterdir()] == ["o"]


def test_what_a_scanner_holds_open_is_refused_as_retryable_and_goes_when_it_lets_go(
    tmp_path: Path, windows: Windows
) -> None:
    akte = tmp_path / "akte"
    akte.mkdir()
    (akte / "a.txt").write_bytes(b"x")
    windows.halte_offen(akte / "a.txt")
    with pytest.raises(RetryableError, match=r"muster\.verboten"), MELDER.uebersetzt(tmp_path):
        ablage.nimm_weg(akte, ".weg-")
    ablage.raeume(tmp_path, ("akte",), ".weg-")
    assert (akte / "a.txt").read_bytes() == b"x", "refused as a whole"
    windows.gib_frei()
    ablage.raeume(tmp_path, ("akte",), ".weg-")
    assert list(tmp_path.iterdir()) == []


def test_on_windows_a_path_beyond_the_limit_is_said_to_be_too_long(tmp_path: Path, windows: Windows) -> None:
    with pytest.raises(RetryableError, match=r"muster\.pfad_lang"):
        ablage.schreibe(tmp_path / ("x" * 255), [b"x"], MELDER)


def test_on_windows_the_files_of_a_new_site_and_of_a_new_plugin_are_made_once(tmp_path: Path, windows: Windows) -> None:
    angelegt = lege_standort_an(tmp_path / "standort")
    assert angelegt.schluessel_neu
    with pytest.raises(ConfigError, match="datei_vorhanden"):
        lege_standort_an(tmp_path / "standort")
    ziel = vorlage.lege_an("adapter", vorlage.benenne("muster_neu"), tmp_path)
    assert (ziel / "pyproject.toml").is_file()
    assert sorted(os.listdir(tmp_path)) == ["muster_neu", "standort"]
