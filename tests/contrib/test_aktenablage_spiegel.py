"""ZIP and mirror: the same once more, and what fails there never spoils the folder itself."""

from __future__ import annotations

import errno
import hashlib
import os
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

import fachwerk_aktenablage as ablage
from fachwerk import ablage as platte
from fachwerk.errors import PermanentError, RetryableError
from fachwerk.modell import Anlage, Schwere, Sendung, Teil
from fachwerk.testkit.wirt import FakeHost
from fachwerk_aktenablage import pruefung
from fachwerk_aktenablage.settings import Zieleinstellungen

SCHLUESSEL = "vorgang-1:akte:1"


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(ordner=tmp_path)


@pytest.fixture
def ausgang(tmp_path: Path) -> Path:
    return tmp_path / "ausgang" / "akte"


def sendung(*teile: Teil) -> Sendung:
    bezeichnung = "wbs_2026-03-01_3f0c8a5277aa"
    return Sendung(
        ziel="akte",
        bezeichnung=bezeichnung,
        anlagen=tuple(Anlage(pfad=teil.name, teil=teil) for teil in teile or (teil_("a.txt"), teil_("b.pdf"))),
    )


def teil_(name: str, inhalt: bytes = b"Inhalt") -> Teil:
    return Teil.entwurf(name, "text/plain", lambda: iter([inhalt]))


def namen(ordner: Path) -> list[str]:
    return sorted(pfad.name for pfad in ordner.iterdir())


def dateien(ordner: Path) -> dict[str, bytes]:
    return {p.relative_to(ordner).as_posix(): p.read_bytes() for p in ordner.rglob("*") if p.is_file()}


def test_a_zip_beside_the_folder_holds_the_same_files(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    ziel = aktenablage_faelle.ziel(zip=True)
    ganze = ablage.render(aktenablage_faelle.antrag(host.inhalt), aktenablage_faelle.entscheidung(), ziel)
    kennung = ablage.deliver(ganze, ziel, SCHLUESSEL, host).kennung
    assert namen(ausgang) == [kennung, f"{kennung}.zip"]
    with zipfile.ZipFile(ausgang / f"{kennung}.zip") as archiv:
        assert archiv.testzip() is None
        assert {name: archiv.read(name) for name in archiv.namelist()} == {
            f"{kennung}/{pfad}": inhalt for pfad, inhalt in dateien(ausgang / kennung).items()
        }


def test_two_zips_of_the_same_case_are_the_same_bytes(host: FakeHost, aktenablage_faelle: ModuleType) -> None:
    summen = set()
    for verzeichnis in ("eins", "zwei"):
        ziel = aktenablage_faelle.ziel(verzeichnis, zip=True)
        kennung = ablage.deliver(sendung(), ziel, SCHLUESSEL, host).kennung
        summen.add(hashlib.sha256((host.ordner / verzeichnis / f"{kennung}.zip").read_bytes()).hexdigest())
    assert len(summen) == 1


def test_the_mirror_gets_the_same_folder_and_the_same_zip(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    ziel = aktenablage_faelle.ziel(spiegel="zweiter/ort", zip=True)
    quittung = ablage.deliver(sendung(), ziel, SCHLUESSEL, host)
    assert dateien(ausgang) == dateien(host.ordner / "zweiter" / "ort")
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) == quittung


def test_a_mirror_that_is_gone_is_tried_again_and_the_folder_stays(
    host: FakeHost, ausgang: Path, tmp_path: Path, aktenablage_faelle: ModuleType
) -> None:
    laufwerk = tmp_path / "laufwerk"
    ziel = aktenablage_faelle.ziel(spiegel=str(laufwerk))
    with pytest.raises(RetryableError) as gemeldet:
        ablage.deliver(sendung(), ziel, SCHLUESSEL, host)
    assert (gemeldet.value.code, gemeldet.value.details["grund"]) == ("ablage.spiegel", "ablage.fehlt")
    assert str(ausgang) in gemeldet.value.hint
    assert str(laufwerk) in gemeldet.value.hint
    (ordner,) = ausgang.iterdir()
    vorher = ordner.stat().st_mtime_ns
    with pytest.raises(RetryableError, match=r"ablage\.spiegel"):
        ablage.find_delivered(ziel, SCHLUESSEL, host)
    laufwerk.mkdir()
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) is None
    quittung = ablage.deliver(sendung(), ziel, SCHLUESSEL, host)
    assert namen(ausgang) == namen(laufwerk) == [quittung.kennung] == [ordner.name]
    assert ordner.stat().st_mtime_ns == vorher


@pytest.mark.parametrize("nummer", [errno.ENOSPC, errno.EIO, errno.ESTALE, errno.EHOSTDOWN, errno.EACCES])
@pytest.mark.parametrize("stelle", ["fsync", "rename"])
def test_a_mirror_that_refuses_leaves_nothing_half_on_either_side(
    host: FakeHost,
    ausgang: Path,
    aktenablage_faelle: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    nummer: int,
    stelle: str,
) -> None:
    ziel = aktenablage_faelle.ziel(spiegel="spiegel")
    echt = getattr(os, stelle)

    def verweigert(was: Any, *mehr: Any) -> Any:
        ort = os.readlink(f"/proc/self/fd/{was}") if isinstance(was, int) else str(was)
        if "/spiegel/" in ort:
            raise OSError(nummer, os.strerror(nummer))
        return echt(was, *mehr)

    with monkeypatch.context() as gestoert:
        gestoert.setattr(os, stelle, verweigert)
        with pytest.raises(RetryableError, match=r"ablage\.spiegel"):
            ablage.deliver(sendung(), ziel, SCHLUESSEL, host)
    assert len(namen(ausgang)) == 1
    assert namen(host.ordner / "spiegel") == []
    quittung = ablage.deliver(sendung(), ziel, SCHLUESSEL, host)
    assert namen(host.ordner / "spiegel") == namen(ausgang) == [quittung.kennung]


def test_a_disk_that_is_full_while_the_zip_is_written_leaves_the_folder_and_no_half_zip(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ziel = aktenablage_faelle.ziel(zip=True)
    ablage.deliver(sendung(), aktenablage_faelle.ziel(), SCHLUESSEL, host)

    def voll(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as gestoert:
        gestoert.setattr(os, "fsync", voll)
        gestoert.setattr(platte, "sichere_ordner", lambda *_: None)
        with pytest.raises(RetryableError, match=r"ablage\.voll"):
            ablage.deliver(sendung(), ziel, SCHLUESSEL, host)
    (ordner,) = namen(ausgang)
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) is None
    ablage.deliver(sendung(), ziel, SCHLUESSEL, host)
    assert namen(ausgang) == [ordner, f"{ordner}.zip"]


def test_a_zip_is_made_from_what_was_sent_even_if_the_folder_was_changed(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    kennung = ablage.deliver(sendung(), aktenablage_faelle.ziel(), SCHLUESSEL, host).kennung
    (ausgang / kennung / "a.txt").write_bytes(b"geaendert")
    ablage.deliver(sendung(), aktenablage_faelle.ziel(zip=True), SCHLUESSEL, host)
    with zipfile.ZipFile(ausgang / f"{kennung}.zip") as archiv:
        assert archiv.read(f"{kennung}/a.txt") == b"Inhalt"
    assert (ausgang / kennung / "a.txt").read_bytes() == b"geaendert"


def test_content_that_was_shredded_before_the_mirror_was_written_is_said_as_such(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, tmp_path: Path
) -> None:
    gespeichert = host.inhalt.schreibe([b"x"], "a.txt", "text/plain")
    ziel = aktenablage_faelle.ziel(spiegel=str(tmp_path / "laufwerk"))
    with pytest.raises(RetryableError, match=r"ablage\.spiegel"):
        ablage.deliver(sendung(gespeichert), ziel, SCHLUESSEL, host)
    (tmp_path / "laufwerk").mkdir()
    host.inhalt.entferne(gespeichert)
    with pytest.raises(PermanentError, match=r"inhalt\.fehlt"):
        ablage.deliver(sendung(gespeichert), ziel, SCHLUESSEL, host)
    assert len(namen(ausgang)) == 1
    assert namen(tmp_path / "laufwerk") == []


def test_check_looks_at_the_mirror_too(
    host: FakeHost, ausgang: Path, tmp_path: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruefung, "KNAPP", 0)
    ausgang.mkdir(parents=True)
    (befund,) = ablage.check(aktenablage_faelle.ziel(spiegel=str(tmp_path / "weg")), host)
    assert (befund.code, befund.schwere) == ("ablage.fehlt", Schwere.FEHLER)
    assert str(tmp_path / "weg") in befund.text


@pytest.mark.parametrize("spiegel", ["akte", "./akte", "akte/", "x/../akte"])
def test_a_mirror_in_the_same_folder_is_refused_at_the_start(spiegel: str) -> None:
    with pytest.raises(ValidationError, match="derselbe Ordner"):
        Zieleinstellungen(verzeichnis="akte", spiegel=spiegel)
