"""A real file system that is too small, and a real one that is read-only: mounted in a namespace of a child.

Root may write where chmod forbids it, so nothing here rests on permissions. Where a child may not mount, the tests say
that they did not check; the injected faults of test_chaos_adapter stand for it then.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import chaos_seiten as seiten
from chaos_adapter import Buehne
from chaos_seiten import Seite

GUT, NICHT_MOEGLICH, REST = 0, 3, 4
_EIGENER_NAMENSRAUM, _BIND, _PRIVAT, _NUR_LESEN, _NEU = 0x20000, 0x1000, 0x44000, 0x1, 0x20


def haenge_ein(quelle: str, ziel: str, art: str | None, schalter: int, angaben: str | None = None) -> None:
    """mount(2). Raises ``OSError``."""
    bibliothek = ctypes.CDLL(None, use_errno=True)
    roh = [wort.encode() if wort is not None else None for wort in (quelle, ziel, art)]
    if bibliothek.mount(*roh, ctypes.c_ulong(schalter), angaben.encode() if angaben else None):
        raise OSError(ctypes.get_errno(), "mount")


def eigener_namensraum() -> None:
    """What is mounted from here on nobody else sees, and it is gone with this process. Raises ``OSError``."""
    if ctypes.CDLL(None, use_errno=True).unshare(_EIGENER_NAMENSRAUM):
        raise OSError(ctypes.get_errno(), "unshare")
    haenge_ein("none", "/", None, _PRIVAT)


def zu_klein(ordner: Path) -> None:
    """A file system with room for two pages, and the same empty folders in it."""
    namen = [pfad.relative_to(ordner) for pfad in sorted(ordner.rglob("*")) if pfad.is_dir()]
    haenge_ein("tmpfs", str(ordner), "tmpfs", 0, "size=8k")
    for name in namen:
        (ordner / name).mkdir()


def nur_lesbar(ordner: Path) -> None:
    """The folder as it is, on a mount that takes no writes from anybody."""
    haenge_ein(str(ordner), str(ordner), None, _BIND)
    haenge_ein("none", str(ordner), None, _BIND | _NEU | _NUR_LESEN)


def arbeite_darauf(buehne: Buehne, haenge: Callable[[Path], None]) -> int:
    """Work in a child on the folder so mounted; what the child says in the end."""
    buehne.welt.schliesse()
    if (kind := os.fork()) == 0:
        os._exit(_im_kind(buehne, haenge))
    _, ende = os.waitpid(kind, 0)
    buehne.welt.neuer_prozess()
    return os.waitstatus_to_exitcode(ende)


def _im_kind(buehne: Buehne, haenge: Callable[[Path], None]) -> int:
    try:
        eigener_namensraum()
        haenge(buehne.seite.ordner)
    except OSError:
        return NICHT_MOEGLICH
    vorher = sorted(buehne.seite.ordner.rglob("*"))
    try:
        buehne.welt.neuer_prozess()
        buehne.welt.arbeite()
    except BaseException:
        return 1
    neu = [
        pfad for pfad in set(buehne.seite.ordner.rglob("*")) - set(vorher) if not pfad.name.startswith(".fachwerk-neu")
    ]
    return REST if neu else GUT


@pytest.mark.parametrize(("haenge", "art_des_fehlers"), [(zu_klein, "voll"), (nur_lesbar, "nur_lesen")])
@pytest.mark.parametrize("art", [seiten.Aktenablage, seiten.Ordneruebergabe, seiten.Flach, seiten.ProsozOrdner])
def test_on_a_real_file_system_that_refuses_cases_wait_and_leave_nothing(
    tmp_path: Path, art: type[Seite], haenge: Callable[[Path], None], art_des_fehlers: str
) -> None:
    buehne = Buehne(tmp_path, art)
    buehne.sende(2)
    ende = arbeite_darauf(buehne, haenge)
    if ende == NICHT_MOEGLICH:
        buehne.schliesse()
        pytest.skip("NOT CHECKED: this process may not mount a file system, so no real disk was full or read-only")
    assert ende == GUT
    assert buehne.staende() == [("waiting", buehne.seite.codes[art_des_fehlers])] * 2
    buehne.bringe_zu_ende(3)
    assert not buehne.maengel()
    buehne.schliesse()
