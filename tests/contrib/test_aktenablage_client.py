"""A case folder is there whole or not at all, once, and never over somebody else's."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import fachwerk_aktenablage as ablage
from fachwerk import ablage as platte
from fachwerk.errors import PermanentError, RetryableError
from fachwerk.modell import Anlage, Schwere, Sendung, Stufe, Teil
from fachwerk.testkit.wirt import FakeHost
from fachwerk_aktenablage import client, pruefung

SCHLUESSEL = "vorgang-1:akte:1"
KIND = Path(__file__).with_name("aktenablage_kind.py")


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(ordner=tmp_path)


@pytest.fixture
def ausgang(tmp_path: Path) -> Path:
    return tmp_path / "ausgang" / "akte"


def klein(*teile: Teil) -> Sendung:
    """A Sendung without the readable documents."""
    return Sendung(
        ziel="akte",
        bezeichnung="wbs_2026-03-01_3f0c8a5277aa",
        anlagen=tuple(Anlage(pfad=teil.name, teil=teil) for teil in teile),
    )


def teil(name: str, inhalt: bytes = b"Inhalt") -> Teil:
    return Teil.entwurf(name, "text/plain", lambda: iter([inhalt]))


def test_a_delivered_folder_holds_every_file_and_a_mark_with_their_hashes(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    sendung = ablage.render(
        aktenablage_faelle.antrag(host.inhalt), aktenablage_faelle.entscheidung(), ziel := aktenablage_faelle.ziel()
    )
    quittung = ablage.deliver(sendung, ziel, SCHLUESSEL, host)
    ordner = ausgang / quittung.kennung
    assert sorted(pfad.relative_to(ordner).as_posix() for pfad in ordner.rglob("*") if pfad.is_file()) == [
        ".fachwerk.json",
        "anlagen/01_Mietvertrag_Groesse.pdf",
        "anlagen/02_Foto.jpg",
        "antrag.pdf",
        "index.html",
        "original.xml",
        "pruefvermerk.json",
        "pruefvermerk.pdf",
        "vorgang.json",
        "wbs_entwurf.pdf",
    ]
    marke = json.loads((ordner / ".fachwerk.json").read_bytes())
    assert marke["schluessel"] == SCHLUESSEL
    for pfad, summe in marke["dateien"].items():
        assert hashlib.sha256((ordner / pfad).read_bytes()).hexdigest() == summe
    assert (ordner / "original.xml").read_bytes() == aktenablage_faelle.ORIGINAL
    assert (quittung.stufe, quittung.zeit, quittung.ziel) == (Stufe.UEBERGEBEN, host.now(), "akte")
    assert quittung.kennung.startswith("wbs_2026-03-01_3f0c8a5277aa_")


def test_the_same_key_twice_gives_the_same_receipt_and_writes_nothing(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    ziel = aktenablage_faelle.ziel()
    erste = ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host)
    vorher = (ausgang / erste.kennung / "a.txt").stat()
    host.vergehe(hours=3)
    ungelesen = Teil.entwurf("a.txt", "text/plain", lambda: pytest.fail("content was read again"))
    assert ablage.deliver(klein(ungelesen), ziel, SCHLUESSEL, host) == erste
    assert (ausgang / erste.kennung / "a.txt").stat() == vorher
    assert len(list(ausgang.iterdir())) == 1


def test_two_keys_with_the_same_name_get_two_folders(host: FakeHost, aktenablage_faelle: ModuleType) -> None:
    ziel = aktenablage_faelle.ziel()
    kennungen = {ablage.deliver(klein(teil("a.txt")), ziel, f"v{n}:akte:1", host).kennung for n in range(3)}
    assert len(kennungen) == 3


def test_a_folder_is_found_by_its_key_and_only_by_it(host: FakeHost, aktenablage_faelle: ModuleType) -> None:
    ziel = aktenablage_faelle.ziel()
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) is None
    quittung = ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host)
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) == quittung
    assert ablage.find_delivered(ziel, "vorgang-1:akte:2", host) is None


@pytest.mark.parametrize("marke", [None, b"", b"{", b"[]", b'{"schluessel": "fremd"}'])
def test_a_foreign_folder_of_the_same_name_is_never_touched(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, marke: bytes | None
) -> None:
    ziel = aktenablage_faelle.ziel()
    fremd = ausgang / ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host).kennung
    for pfad in fremd.iterdir():
        pfad.unlink()
    (fremd / "notiz.txt").write_text("gehört jemand anderem")
    if marke is not None:
        (fremd / ".fachwerk.json").write_bytes(marke)
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) is None
    quittung = ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host)
    assert quittung.kennung == f"{fremd.name}_2"
    assert (fremd / "notiz.txt").read_text() == "gehört jemand anderem"
    assert not (fremd / "a.txt").exists()
    assert ablage.find_delivered(ziel, SCHLUESSEL, host) == quittung


@pytest.mark.parametrize(
    "pfade",
    [["../a"], ["/a"], ["a//b"], ["a\\b"], [".fachwerk.json"], ["CON"], ["a.txt", "A.TXT"], ["a/../b"], ["C:a"], ["ä"]],
)
def test_a_path_that_is_not_safe_is_refused_before_anything_is_written(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, pfade: list[str]
) -> None:
    sendung = klein().model_copy(update={"anlagen": tuple(Anlage(pfad=pfad, teil=teil("x")) for pfad in pfade)})
    with pytest.raises(PermanentError, match=r"ablage\.pfad_unsicher"):
        ablage.deliver(sendung, aktenablage_faelle.ziel(), SCHLUESSEL, host)
    assert not ausgang.exists()


@pytest.mark.parametrize("mehr", [[], ["mehrfach"]], ids=["folder", "folder, ZIP and mirror"])
def test_a_child_killed_at_any_point_leaves_nothing_or_everything_and_a_repeat_finishes(
    tmp_path: Path, mehr: list[str]
) -> None:
    befehl = [sys.executable, str(KIND), str(tmp_path), *mehr]
    lauf = subprocess.run(befehl, capture_output=True, text=True, timeout=300)
    assert lauf.returncode == 0, lauf.stderr[-2000:]
    ergebnis = json.loads(lauf.stdout)
    assert ergebnis["fehler"] == []
    assert ergebnis["punkte"] > 60
    assert ergebnis["nichts"] > 50
    assert ergebnis["alles"] >= 2


def test_a_second_writer_of_the_same_key_never_mixes_with_the_first(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    """While the first writes its second file, a second process (believing the first dead) delivers the same key."""
    ziel = aktenablage_faelle.ziel()
    zweite = []

    def stoerung() -> Iterator[bytes]:
        zweite.append(ablage.deliver(klein(teil("a.txt", b"zweiter"), teil("b.txt")), ziel, SCHLUESSEL, host))
        yield b"erster"

    stoerer = Teil.entwurf("b.txt", "text/plain", stoerung)
    with pytest.raises(RetryableError):
        ablage.deliver(klein(teil("a.txt", b"erster"), stoerer, teil("c.txt")), ziel, SCHLUESSEL, host)
    assert [pfad.name for pfad in ausgang.iterdir()] == [zweite[0].kennung]
    assert (ausgang / zweite[0].kennung / "a.txt").read_bytes() == b"zweiter"
    assert ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host) == zweite[0]


def test_a_delivery_lists_the_folder_of_all_cases_only_once(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a hundred thousand cases, or behind a network, listing is what a delivery waits for."""
    ausgang.mkdir(parents=True)
    liste, gelistet = os.listdir, []

    def zaehle(ordner: Any) -> list[str]:
        gelistet.append(Path(ordner))
        return liste(ordner)

    monkeypatch.setattr(os, "listdir", zaehle)
    ablage.deliver(klein(teil("a.txt")), aktenablage_faelle.ziel(), SCHLUESSEL, host)
    assert gelistet.count(ausgang) == 1


def test_a_writer_whose_folder_was_taken_away_fails_even_if_the_other_then_dies(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one renames our temporary folder, and is gone before it deletes or writes anything."""
    ziel = aktenablage_faelle.ziel()

    def stoerung() -> Iterator[bytes]:
        with monkeypatch.context() as tot:
            tot.setattr(platte.shutil, "rmtree", lambda *_, **__: None)
            client.raeume_reste(ausgang, SCHLUESSEL)
        yield b"zu spaet"

    sendung = klein(teil("a.txt"), Teil.entwurf("b.txt", "text/plain", stoerung))
    with pytest.raises(RetryableError):
        ablage.deliver(sendung, ziel, SCHLUESSEL, host)
    assert [pfad.name for pfad in ausgang.iterdir() if not pfad.name.startswith(".weg-")] == []
    quittung = ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host)
    assert [pfad.name for pfad in ausgang.iterdir()] == [quittung.kennung]


@pytest.mark.parametrize("raeumt_auf", [True, False])
def test_a_folder_that_appeared_at_the_last_moment_wins(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch, raeumt_auf: bool
) -> None:
    """Whether the faster process saw our temporary folder (and took it away) or not."""
    ziel, umbenennen, gesehen = aktenablage_faelle.ziel(), os.rename, []
    if not raeumt_auf:
        monkeypatch.setattr(client, "raeume_reste", lambda *_: None)

    def ueberholt(von: Path, nach: Path) -> None:
        monkeypatch.setattr(os, "rename", umbenennen)
        gesehen.append(ablage.deliver(klein(teil("a.txt", b"schneller")), ziel, SCHLUESSEL, host))
        umbenennen(von, nach)

    monkeypatch.setattr(os, "rename", ueberholt)
    quittung = ablage.deliver(klein(teil("a.txt", b"langsamer")), ziel, SCHLUESSEL, host)
    assert gesehen == [quittung]
    assert [pfad.name for pfad in ausgang.iterdir()] == [quittung.kennung]
    assert (ausgang / quittung.kennung / "a.txt").read_bytes() == b"schneller"


def voll(*_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("nummer", "code"),
    [
        (errno.ENOSPC, "ablage.voll"),
        (errno.EDQUOT, "ablage.voll"),
        (errno.EACCES, "ablage.verboten"),
        (errno.EROFS, "ablage.verboten"),
        (errno.ENOENT, "ablage.fehlt"),
        (errno.EHOSTDOWN, "ablage.gestoert"),
        (errno.EIO, "ablage.gestoert"),
    ],
)
@pytest.mark.parametrize("stelle", ["fsync", "rename"])
def test_what_the_disk_refuses_is_tried_again_later_and_leaves_nothing_visible(
    host: FakeHost,
    ausgang: Path,
    aktenablage_faelle: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    nummer: int,
    code: str,
    stelle: str,
) -> None:
    ausgang.mkdir(parents=True)

    def verweigert(*_: Any) -> None:
        raise OSError(nummer, os.strerror(nummer))

    with monkeypatch.context() as gestoert:
        gestoert.setattr(os, stelle, verweigert)
        with pytest.raises(RetryableError) as gemeldet:
            ablage.deliver(klein(teil("a.txt")), aktenablage_faelle.ziel(), SCHLUESSEL, host)
    assert gemeldet.value.code == code
    assert str(ausgang) in gemeldet.value.hint
    assert "Bitte" in gemeldet.value.hint
    assert list(ausgang.iterdir()) == []
    assert ablage.deliver(klein(teil("a.txt")), aktenablage_faelle.ziel(), SCHLUESSEL, host).kennung


def test_a_limit_in_the_middle_of_a_large_file_leaves_no_half_folder(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    gross = Teil.entwurf("gross.bin", "application/octet-stream", lambda: (bytes(1 << 20) for _ in range(8)))
    weich, hart = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, hart))
    try:
        with pytest.raises(RetryableError, match=r"ablage\.voll"):
            ablage.deliver(klein(teil("a.txt"), gross), aktenablage_faelle.ziel(), SCHLUESSEL, host)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (weich, hart))
    assert list(ausgang.iterdir()) == []


def test_content_that_was_shredded_is_no_fault_of_the_folder(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    weg = host.inhalt.schreibe([b"x"], "weg.txt", "text/plain")
    host.inhalt.entferne(weg)
    with pytest.raises(PermanentError, match=r"inhalt\.fehlt"):
        ablage.deliver(klein(teil("a.txt"), weg), aktenablage_faelle.ziel(), SCHLUESSEL, host)
    assert list(ausgang.iterdir()) == []


def test_a_network_drive_that_is_gone_is_not_replaced_by_a_local_folder(
    host: FakeHost, tmp_path: Path, aktenablage_faelle: ModuleType
) -> None:
    ziel = aktenablage_faelle.ziel(str(tmp_path / "laufwerk" / "akten"))
    with pytest.raises(RetryableError, match=r"ablage\.fehlt"):
        ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host)
    with pytest.raises(RetryableError, match=r"ablage\.fehlt"):
        ablage.find_delivered(ziel, SCHLUESSEL, host)
    assert not (tmp_path / "laufwerk").exists()


def als_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders cannot be opened, and nothing is renamed over what exists."""
    oeffnen: Callable[..., int] = os.open
    umbenennen = os.rename

    def ohne_ordner(pfad: Any, *mehr: Any, **namen: Any) -> int:
        if os.path.isdir(pfad):
            raise PermissionError(errno.EACCES, "Permission denied", str(pfad))
        return oeffnen(pfad, *mehr, **namen)

    def ohne_ersetzen(von: Any, nach: Any) -> None:
        if os.path.exists(nach):
            raise FileExistsError(errno.EEXIST, "exists", str(nach))
        umbenennen(von, nach)

    monkeypatch.setattr(platte, "WINDOWS", True)
    monkeypatch.setattr(os, "open", ohne_ordner)
    monkeypatch.setattr(os, "rename", ohne_ersetzen)


def test_on_windows_folders_are_written_found_and_not_replaced(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    als_windows(monkeypatch)
    ziel = aktenablage_faelle.ziel()
    quittung = ablage.deliver(klein(teil("a.txt"), teil("b.txt")), ziel, SCHLUESSEL, host)
    assert ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host) == quittung
    (ausgang / quittung.kennung / ".fachwerk.json").unlink()
    assert ablage.deliver(klein(teil("a.txt")), ziel, SCHLUESSEL, host).kennung == f"{quittung.kennung}_2"


def test_every_path_of_a_case_stays_short_enough_for_windows(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType
) -> None:
    lang = host.inhalt.schreibe([b"x"], "L" * 300 + ".pdf", "application/pdf")
    antrag = aktenablage_faelle.antrag(host.inhalt, leistung="l" * 100, anlagen=(lang,))
    sendung = ablage.render(antrag, aktenablage_faelle.entscheidung(), aktenablage_faelle.ziel())
    quittung = ablage.deliver(sendung, aktenablage_faelle.ziel(), SCHLUESSEL, host)
    laengen = [len(str(pfad.relative_to(ausgang))) for pfad in (ausgang / quittung.kennung).rglob("*")]
    assert max(laengen) + 1 + pruefung.LAENGSTER_ORDNER < 260


def test_check_is_content_with_a_folder_that_can_be_written(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruefung, "KNAPP", 0)
    ausgang.mkdir(parents=True)
    assert ablage.check(aktenablage_faelle.ziel(), host) == []
    assert list(ausgang.iterdir()) == []


def test_check_says_that_a_relative_folder_will_be_made_and_an_absolute_one_is_missing(
    host: FakeHost, tmp_path: Path, aktenablage_faelle: ModuleType
) -> None:
    (relativ,) = ablage.check(aktenablage_faelle.ziel(), host)
    (absolut,) = ablage.check(aktenablage_faelle.ziel(str(tmp_path / "laufwerk")), host)
    assert (relativ.code, relativ.schwere) == ("ablage.wird_angelegt", Schwere.HINWEIS)
    assert (absolut.code, absolut.schwere) == ("ablage.fehlt", Schwere.FEHLER)


def test_check_reports_a_file_in_place_of_the_folder_and_a_folder_that_refuses(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ausgang.parent.mkdir(parents=True)
    ausgang.write_text("eine Datei")
    assert [befund.code for befund in ablage.check(aktenablage_faelle.ziel(), host)] == ["ablage.fehlt"]
    ausgang.unlink()
    ausgang.mkdir()
    monkeypatch.setattr(pruefung, "KNAPP", 0)
    monkeypatch.setattr(os, "fsync", voll)
    (befund,) = ablage.check(aktenablage_faelle.ziel(), host)
    assert (befund.code, befund.schwere) == ("ablage.voll", Schwere.FEHLER)
    assert list(ausgang.iterdir()) == []


def test_check_warns_of_little_space_and_on_windows_of_a_long_path(
    host: FakeHost, ausgang: Path, aktenablage_faelle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ausgang.mkdir(parents=True)
    monkeypatch.setattr(pruefung, "KNAPP", 1 << 62)
    monkeypatch.setattr(platte, "WINDOWS", True)
    monkeypatch.setattr(pruefung, "LAENGSTER_ORDNER", 10)
    befunde = ablage.check(aktenablage_faelle.ziel(), host)
    assert [befund.code for befund in befunde] == ["ablage.platz_knapp", "ablage.pfad_lang"]
    assert {befund.schwere for befund in befunde} == {Schwere.WARNUNG}
