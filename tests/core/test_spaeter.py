"""A package whose import is put off is the real one from the first use on, whoever uses it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fachwerk.spaeter import spaeter

GEMERKT = "gemerktes_paket"


@pytest.fixture
def paket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package with a module ``fehler``; it adds a line to ``geladen`` whenever it is imported."""
    ordner = tmp_path / GEMERKT
    ordner.mkdir()
    zeile = f"open({str(tmp_path / 'geladen')!r}, 'a').write(__name__ + chr(10))\n"
    (ordner / "__init__.py").write_text(zeile + "from . import fehler\nWERT = 7\n", encoding="utf-8")
    (ordner / "fehler.py").write_text("class Gesperrt(Exception): pass\n", encoding="utf-8")
    (tmp_path / "nutzer.py").write_text(f"import {GEMERKT}\nfrom {GEMERKT} import fehler\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in (GEMERKT, f"{GEMERKT}.fehler", "nutzer"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return GEMERKT


def wie_oft_geladen(tmp_path: Path) -> int:
    datei = tmp_path / "geladen"
    return len(datei.read_text(encoding="utf-8").splitlines()) if datei.exists() else 0


def test_it_is_imported_at_the_first_use_and_not_before(paket: str, tmp_path: Path) -> None:
    with spaeter(paket, "fehler"):
        import nutzer  # type: ignore[import-not-found]
    assert wie_oft_geladen(tmp_path) == 0
    assert issubclass(nutzer.fehler.Gesperrt, Exception)
    assert wie_oft_geladen(tmp_path) == 1
    assert nutzer.gemerktes_paket.WERT == 7
    assert nutzer.gemerktes_paket.fehler.Gesperrt is nutzer.fehler.Gesperrt
    assert wie_oft_geladen(tmp_path) == 1


def test_others_get_the_real_one_and_both_have_the_same_classes(paket: str, tmp_path: Path) -> None:
    with spaeter(paket, "fehler"):
        import nutzer
    import gemerktes_paket.fehler  # type: ignore[import-not-found]

    assert gemerktes_paket.WERT == 7
    assert nutzer.fehler.Gesperrt is gemerktes_paket.fehler.Gesperrt
    assert wie_oft_geladen(tmp_path) == 1


def test_who_uses_it_at_once_has_it_at_once(paket: str, tmp_path: Path) -> None:
    with spaeter(paket, "fehler"):
        from gemerktes_paket import WERT

        assert sys.modules[paket].WERT == WERT == 7
    assert sys.modules[paket].WERT == 7
    assert wie_oft_geladen(tmp_path) == 1


def test_what_is_there_already_stays(paket: str) -> None:
    import gemerktes_paket

    with spaeter(paket, "fehler"):
        assert sys.modules[paket] is gemerktes_paket


def test_a_name_it_does_not_have_is_missed_as_usual(paket: str) -> None:
    with spaeter(paket, "fehler"):
        import nutzer
    with pytest.raises(AttributeError, match="gibt_es_nicht"):
        _ = nutzer.fehler.gibt_es_nicht


def test_a_failing_import_leaves_no_placeholder_behind(paket: str) -> None:
    with pytest.raises(ModuleNotFoundError), spaeter(paket, "fehler"):
        import gibt_es_nicht  # type: ignore[import-not-found]  # noqa: F401
    assert paket not in sys.modules
