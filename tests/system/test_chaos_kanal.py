"""The export folder of COM Vibilia under faults, through the whole line: each message is one case, and none is lost."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import fachwerk_comvibilia as comvibilia
from fachwerk.errors import RetryableError
from fachwerk.testkit import absturz, ordnerstoerung, sturz
from fachwerk.testkit.pruefungen import verteilt
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk_comvibilia.profil import lade
from fachwerk_comvibilia.simulator import ComVibilia, Nachricht, Temperament

beide = pytest.mark.parametrize("profil", ["ordner", "flach"])


class Poststelle:
    """COM Vibilia on one side, one installation on the other, and a target that counts."""

    def __init__(self, basis: Path, profil: str, **launen: int) -> None:
        self.basis = basis
        self.seite = ComVibilia(basis / "cv", lade(profil, basis), Temperament(**launen))
        kanal = {"plugin": "comvibilia", "profil": profil, "verzeichnis": str(self.seite.export)}
        self.welt = Welt(f"sqlite:///{basis / 'w.db'}", basis, plugins={"comvibilia": comvibilia}, kanal={"cv": kanal})
        self.gesendet: list[tuple[bytes, bytes]] = []

    def lege_ab(self) -> None:
        nummer = len(self.gesendet) + 1
        self.gesendet.append((antrag_xml(uuid=f"u-{nummer}"), b"%%PDF-1.4 %d " % nummer + bytes(5000)))
        xml, anlage = self.gesendet[-1]
        self.seite.lege_ab(Nachricht(xml, [("a.pdf", anlage)], f"n-{nummer}"))

    def hole(self) -> None:
        self.welt.rufe_ab("cv")
        self.welt.arbeite()

    def maengel(self) -> list[str]:
        """What is not as it must be: each message one case, delivered once and whole; nothing left in the export."""
        lieferungen = [set(eine.dateien.values()) for eine in self.welt.mit_schluessel.wirkungen]
        maengel = [] if len(lieferungen) == len(self.gesendet) else [f"{len(lieferungen)} Lieferungen"]
        for nummer, teile in enumerate(self.gesendet, 1):
            if (ganz := sum(1 for lieferung in lieferungen if set(teile) <= lieferung)) != 1:
                maengel.append(f"Nachricht {nummer}: {ganz} Mal geliefert")
        staende = Counter(zeile.status for zeile in self.welt.vorgaenge())
        maengel += [] if staende == {"done": len(self.gesendet)} else [str(staende)]
        liegt = sorted(name for name in os.listdir(self.seite.export) if name != "verarbeitet")
        maengel += [f"im Export: {liegt}"] if liegt else []
        inhalte = Counter(
            pfad.read_bytes() for pfad in (self.seite.export / "verarbeitet").rglob("*") if pfad.is_file()
        )
        return maengel + [f"{inhalte[xml]} Mal verarbeitet" for xml, _ in self.gesendet if inhalte[xml] != 1]

    # -- in a child -----------------------------------------------------------------------------------------------

    def punkte(self) -> list[str]:
        liste = self.basis / "punkte.txt"
        liste.unlink(missing_ok=True)
        assert not self._im_kind(absturz.Punkte("", str(liste)))
        return liste.read_text(encoding="utf-8").splitlines()

    def toete(self, punkt: str) -> bool:
        return self._im_kind(absturz.Punkte(punkt, ""))

    def _im_kind(self, punkte: absturz.Punkte) -> bool:
        def tue() -> None:
            absturz.umhuelle(punkte)
            self.welt.neuer_prozess()
            self.welt.rufe_ab("cv")

        self.welt.schliesse()
        getoetet = sturz.getoetet(tue)
        self.welt.neuer_prozess()
        return getoetet


@pytest.fixture
def auf(tmp_path: Path) -> Iterator[Callable[..., Poststelle]]:
    offene: list[Poststelle] = []

    def baue(profil: str, **launen: int) -> Poststelle:
        offene.append(Poststelle(tmp_path, profil, **launen))
        return offene[-1]

    yield baue
    for stelle in offene:
        stelle.welt.schliesse()


@beide
def test_killed_between_storing_and_moving_each_message_is_one_case(
    auf: Callable[..., Poststelle], profil: str
) -> None:
    """Every point once, half of them in each layout."""
    stelle, maengel = auf(profil), []
    stelle.lege_ab()
    punkte = stelle.punkte()
    assert {"vor acknowledge 1", "nach annahme 1", "vor umbenennen_ziel 1"} <= set(punkte)
    for punkt in punkte[profil == "flach" :: 2]:
        stelle.lege_ab()
        maengel += [] if stelle.toete(punkt) else [f"{punkt}: not killed"]
        stelle.hole()
        maengel += [f"{punkt}: {mangel}" for mangel in stelle.maengel()]
    assert not maengel, "\n".join(maengel)


@beide
def test_a_message_that_is_still_being_copied_is_left_alone_until_it_is_whole(
    auf: Callable[..., Poststelle], profil: str
) -> None:
    stelle = auf(profil, schritte=3)
    stelle.lege_ab()
    for _ in range(20):
        stelle.hole()
        if stelle.welt.vorgaenge():
            break
        stelle.seite.runde()
    assert stelle.seite.runden > 5, "it took its time"
    assert not stelle.maengel()


@beide
def test_a_drive_that_is_gone_is_said_so_and_what_comes_with_it_back_is_fetched(
    auf: Callable[..., Poststelle], profil: str
) -> None:
    stelle = auf(profil)
    stelle.lege_ab()
    stelle.seite.laufwerk_weg()
    with pytest.raises(RetryableError) as fehler:
        stelle.hole()
    assert fehler.value.code == "comvibilia.nicht_erreichbar"
    assert str(stelle.seite.export) in fehler.value.hint
    assert not stelle.seite.export.exists(), "an empty mount point is never filled"
    stelle.seite.laufwerk_da()
    stelle.lege_ab()
    stelle.hole()
    assert not stelle.maengel()


@pytest.mark.parametrize("nummer", [errno.EIO, errno.EROFS])
@beide
def test_a_drive_that_breaks_off_while_messages_are_fetched_loses_and_doubles_none(
    auf: Callable[..., Poststelle], profil: str, nummer: int
) -> None:
    breche_ab(auf(profil), nummer, 8)


@pytest.mark.lang
@pytest.mark.parametrize("nummer", [errno.EIO, errno.EROFS, errno.EACCES])
@beide
def test_a_drive_that_breaks_off_at_every_touch(auf: Callable[..., Poststelle], profil: str, nummer: int) -> None:
    breche_ab(auf(profil), nummer, 10_000)


def breche_ab(stelle: Poststelle, nummer: int, hoechstens: int) -> None:
    zaehlt = ordnerstoerung.schreibend if nummer == errno.EROFS else beruehrt
    stelle.lege_ab()
    with ordnerstoerung.bewacht(stelle.seite.export, lambda _: None, zaehlt) as wache:
        stelle.hole()
    for stelle_nr in verteilt(wache.stand, hoechstens):
        stelle.lege_ab()
        code = gestoert_geholt(stelle, scheitere_ab(stelle_nr, nummer), zaehlt)
        assert code in ("", "comvibilia.gestoert", "comvibilia.verboten"), (stelle_nr, code)
        stelle.hole()
    assert not stelle.maengel()


def gestoert_geholt(stelle: Poststelle, tue: Callable[[int], None], zaehlt: ordnerstoerung.Zaehlt) -> str:
    """The code of what the poll ended with, empty if it went well."""
    try:
        with ordnerstoerung.bewacht(stelle.seite.export, tue, zaehlt):
            stelle.hole()
    except RetryableError as fehler:
        return fehler.code
    return ""


def beruehrt(ereignis: str, angaben: tuple[object, ...]) -> bool:
    """Reading and writing; ``shutil`` says what it is about to do before it touches anything."""
    return not ereignis.startswith("shutil.")


def scheitere_ab(stelle: int, nummer: int) -> Callable[[int], None]:
    def tue(stand: int) -> None:
        if stand >= stelle:
            raise OSError(nummer, os.strerror(nummer))

    return tue
