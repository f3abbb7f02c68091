"""The site of ``make docs``: every page is in it, no link is broken, and nothing of it comes from a network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lxml import html

WURZEL = Path(__file__).resolve().parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
LAEDT = ("//script/@src", "//link/@href", "//img/@src", "//iframe/@src", "//source/@src", "//object/@data")


@pytest.fixture(scope="module")
def seiten() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seiten", WURZEL / ".ci/seiten.py")
    assert spec is not None
    assert spec.loader is not None
    modul = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(modul)
    return modul


@pytest.fixture(scope="module")
def website(seiten: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as ``make docs`` builds it; strict, so a broken link or anchor fails here."""
    ordner = tmp_path_factory.mktemp("website") / "bau"
    assert seiten.main(ordner) == 0
    befehl = [sys.executable, "-m", "zensical", "build", "--strict"]
    lauf = subprocess.run(befehl, cwd=ordner, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    assert lauf.returncode == 0, f"{lauf.stdout}\n{lauf.stderr[-2000:]}"
    return ordner / "site"


def test_docs_every_page_stands_in_the_navigation_once(seiten: ModuleType) -> None:
    assert sorted(seiten.navigation()) == sorted(str(nach) for nach in seiten.seiten().values())


def test_docs_a_link_out_of_the_site_becomes_a_path_and_one_to_a_page_stays_a_link(seiten: ModuleType) -> None:
    alle = seiten.seiten()
    regel = next(pfad for pfad in alle if str(pfad) == "docs/regel.md")
    text = "[Wurzel](../Makefile) [Land](../contrib/wbs/README.md#a) ![Bild](bilder/linie.svg)\n```\n[x](../y)\n```"
    assert seiten.umgeschrieben(text, regel, alle) == (
        "Wurzel (`Makefile`) [Land](contrib/wbs/README.md#a) ![Bild](bilder/linie.svg)\n```\n[x](../y)\n```"
    )


def test_docs_the_site_loads_nothing_from_elsewhere(website: Path) -> None:
    dateien = list(website.rglob("*.html"))
    assert len(dateien) > 40
    geladen = {str(adresse) for datei in dateien for pfad in LAEDT for adresse in html.parse(datei).xpath(pfad)}
    fremd = {adresse for adresse in geladen if "//" in adresse}
    stile = [datei.name for datei in website.rglob("*.css") if "url(http" in datei.read_text(encoding="utf-8")]
    assert (fremd, stile) == (set(), [])
    assert any(adresse.endswith("suche.js") for adresse in geladen)


@pytest.mark.debian
def test_docs_the_search_works_from_a_folder(website: Path) -> None:
    if not CHROMIUM:
        pytest.skip("NOT CHECKED in a browser: Chromium is missing (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    gefragt: list[str] = []
    with sync_api.sync_playwright() as spiel:
        browser = spiel.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        seite: Any = browser.new_page()
        seite.on("request", lambda anfrage: gefragt.append(anfrage.url))
        seite.goto((website / "index.html").as_uri())
        seite.keyboard.press("/")
        seite.get_by_placeholder("Search").first.fill("Hauptschlüssel", timeout=20_000)
        seite.get_by_text("verschließt die Schlüssel aller Vorgänge").first.wait_for(timeout=20_000)
        browser.close()
    assert [adresse for adresse in gefragt if not adresse.startswith(("file:", "data:", "about:"))] == []
