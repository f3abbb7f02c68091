"""Taking a case folder away: all that is ours, nothing that is not, however often it is killed in between."""

from __future__ import annotations

import os
import signal
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

import fachwerk_aktenablage as ablage
from fachwerk.errors import RetryableError
from fachwerk.modell import Anlage, Quittung, Sendung, Teil, Ziel
from fachwerk.testkit.ordnerstoerung import bewacht, gestoert
from fachwerk.testkit.windows import Windows
from fachwerk.testkit.wirt import FakeHost
from fachwerk_aktenablage.settings import Zieleinstellungen

SCHLUESSEL = "vorgang-1:akte:1"
ANDERER = "vorgang-1:akte:2"


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(ordner=tmp_path)


@pytest.fixture
def ausgang(tmp_path: Path) -> Path:
    return tmp_path / "ausgang" / "akte"


@pytest.fixture
def ziel(aktenablage_faelle: ModuleType) -> Ziel:
    eines: Ziel = aktenablage_faelle.ziel(zip=True, spiegel="spiegel")
    return eines


def liefere(ziel: Ziel, host: FakeHost, schluessel: str = SCHLUESSEL) -> Quittung:
    teile = [Teil.entwurf(name, "text/plain", lambda: iter([b"Inhalt"])) for name in ("a.txt", "anlagen/b.pdf")]
    anlagen = tuple(Anlage(pfad=teil.name, teil=teil) for teil in teile)
    return ablage.deliver(Sendung(ziel="akte", bezeichnung="wbs_2026", anlagen=anlagen), ziel, schluessel, host)


def alles(ordner: Path) -> set[str]:
    return {pfad.relative_to(ordner).as_posix() for pfad in ordner.rglob("*") if pfad.is_file() or pfad.is_symlink()}


def test_folder_zip_and_mirror_go_and_the_folder_of_another_version_stays(
    host: FakeHost, ausgang: Path, ziel: Ziel
) -> None:
    liefere(ziel, host)
    bleibt = liefere(ziel, host, ANDERER)
    ablage.forget(ziel, SCHLUESSEL, host)
    for ordner in (ausgang, host.ordner / "spiegel"):
        assert sorted(os.listdir(ordner)) == [bleibt.kennung, f"{bleibt.kennung}.zip"]
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) is None
    assert ablage.find_delivered(ziel, ANDERER, host) == bleibt
    ablage.forget(ziel, SCHLUESSEL, host)


def test_what_was_never_there_is_no_error(host: FakeHost, ausgang: Path, ziel: Ziel) -> None:
    ablage.forget(ziel, SCHLUESSEL, host)
    assert not ausgang.exists()


def test_notes_of_the_office_and_files_it_changed_stay_and_the_rest_goes(
    host: FakeHost, ausgang: Path, ziel: Ziel
) -> None:
    akte = ausgang / liefere(ziel, host).kennung
    (akte / "anlagen" / "Vermerk der Sachbearbeitung.docx").write_bytes(b"von Hand")
    (akte / "a.txt").write_bytes(b"von Hand geaendert")
    ablage.forget(ziel, SCHLUESSEL, host)
    ablage.forget(ziel, SCHLUESSEL, host)
    assert alles(akte) == {"a.txt", "anlagen/Vermerk der Sachbearbeitung.docx"}
    assert alles(host.ordner / "spiegel") == set()
    assert any("ablage.fremdes_bleibt" in str(eintrag) for eintrag in host.protokoll)
    assert not any("Sachbearbeitung" in str(eintrag) for eintrag in host.protokoll)


def test_folders_and_archives_that_only_look_like_ours_stay(host: FakeHost, ausgang: Path, ziel: Ziel) -> None:
    kennung = liefere(ziel, host).kennung
    ablage.forget(ziel, SCHLUESSEL, host)
    (ausgang / kennung).mkdir()
    (ausgang / kennung / ".fachwerk.json").write_text('{"schluessel": "ein-anderer:akte:1", "dateien": {}}')
    with zipfile.ZipFile(ausgang / f"{kennung}.zip", "w") as archiv:
        archiv.writestr(f"{kennung}/.fachwerk.json", '{"schluessel": "ein-anderer:akte:1"}')
    (ausgang / f"{kennung}_2.zip").write_bytes(b"kein Archiv")
    vorher = alles(ausgang)
    ablage.forget(ziel, SCHLUESSEL, host)
    assert alles(ausgang) == vorher


def test_a_link_in_the_folder_is_never_followed(host: FakeHost, ausgang: Path, ziel: Ziel) -> None:
    akte = ausgang / liefere(ziel, host).kennung
    fremd = host.ordner / "fremd"
    fremd.mkdir()
    (fremd / "b.pdf").write_bytes(b"Inhalt")
    (akte / "anlagen" / "b.pdf").unlink()
    (akte / "anlagen").rmdir()
    (akte / "anlagen").symlink_to(fremd)
    ablage.forget(ziel, SCHLUESSEL, host)
    assert (fremd / "b.pdf").read_bytes() == b"Inhalt"
    assert alles(akte) == {"anlagen"}


def test_a_drive_that_is_gone_or_an_empty_mount_point_is_tried_again(
    host: FakeHost, tmp_path: Path, aktenablage_faelle: ModuleType
) -> None:
    netz = tmp_path / "netz"
    netz.mkdir()
    ziel = aktenablage_faelle.ziel(str(netz))
    kennung = liefere(ziel, host).kennung
    with gestoert(netz, "weg"), pytest.raises(RetryableError, match=r"ablage\.fehlt"):
        ablage.forget(ziel, SCHLUESSEL, host)
    netz.rename(tmp_path / "abgehaengt")
    netz.mkdir()
    with pytest.raises(RetryableError, match=r"ablage\.fehlt"):
        ablage.forget(ziel, SCHLUESSEL, host)
    netz.rmdir()
    (tmp_path / "abgehaengt").rename(netz)
    assert os.listdir(netz) == [kennung]
    ablage.forget(ziel, SCHLUESSEL, host)
    assert os.listdir(netz) == []


def test_killed_at_any_point_the_next_attempt_takes_away_the_rest(host: FakeHost, ausgang: Path, ziel: Ziel) -> None:
    """``vermerk.txt`` is the office's in every second round: then the files go one by one."""
    for runde in range(1, 400):
        akte = ausgang / liefere(ziel, host).kennung
        if runde % 2:
            (akte / "vermerk.txt").write_bytes(b"fremd")
        if (kind := os.fork()) == 0:
            _stirb_beim(host.ordner, (runde + 1) // 2, lambda: ablage.forget(ziel, SCHLUESSEL, host))
        _, ende = os.waitpid(kind, 0)
        ablage.forget(ziel, SCHLUESSEL, host)
        assert alles(ausgang) == ({f"{akte.name}/vermerk.txt"} if runde % 2 else set())
        assert os.listdir(host.ordner / "spiegel") == []
        (akte / "vermerk.txt").unlink(missing_ok=True)
        if akte.exists():
            akte.rmdir()
        if runde % 2 == 0 and os.WIFEXITED(ende):
            assert os.WEXITSTATUS(ende) == 0
            assert runde > 20, "it died nowhere"
            return
    raise AssertionError("it never came to its end")


def _stirb_beim(ordner: Path, stelle: int, tue: Any) -> None:
    def stirb(stand: int) -> None:
        if stand == stelle:
            os.kill(os.getpid(), signal.SIGKILL)

    with bewacht(ordner, stirb):
        tue()
    os._exit(0)


def test_on_windows_a_file_held_open_delays_it_and_nothing_is_half_deleted(
    host: FakeHost, ausgang: Path, ziel: Ziel, windows: Windows
) -> None:
    akte = ausgang / liefere(ziel, host).kennung
    windows.halte_offen(akte / "a.txt")
    with pytest.raises(RetryableError, match=r"ablage\.verboten"):
        ablage.forget(ziel, SCHLUESSEL, host)
    assert alles(akte) == {"a.txt", "anlagen/b.pdf", ".fachwerk.json"}
    windows.gib_frei()
    ablage.forget(ziel, SCHLUESSEL, host)
    assert os.listdir(ausgang) == []


def test_without_the_key_nothing_is_ever_deleted_and_no_day_is_zero() -> None:
    assert Zieleinstellungen(verzeichnis="a").aufbewahren_tage is None
    with pytest.raises(ValidationError):
        Zieleinstellungen(verzeichnis="a", aufbewahren_tage=0)
