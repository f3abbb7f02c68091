"""The pictures of docs/konsole.md: ``bilder.py ORDNER`` runs the demo, opens its console, photographs it into ORDNER.

Everybody in the pictures is invented by the demo. Needs Chromium (Debian: ``apt-get install chromium``).
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from fachwerk import konten
from fachwerk.betrieb import oeffne_betrieb
from fachwerk.konsole.server import Server
from fachwerk.rechte import Erteilt

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
OHNE_NETZ = [
    "--lang=de-DE",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
BREIT, TELEFON = {"width": 1100, "height": 760}, {"width": 390, "height": 760}
RECHTE = ("bearbeiten", "betrieb", "verwalten")


@contextmanager
def konsole(ordner: Path) -> Iterator[tuple[str, str]]:
    """The console of a fresh demo: its address, and the password of ``lena``."""
    befehl = [sys.executable, "-m", "fachwerk", "demo", "--ordner", str(ordner)]
    subprocess.run(befehl, check=True, capture_output=True)  # noqa: S603
    datei = ordner / "fachwerk.toml"
    datei.write_text(datei.read_text(encoding="utf-8") + '\n[konsole]\nlisten = "127.0.0.1:0"\n', encoding="utf-8")
    kennwort = secrets.token_urlsafe(16)
    betrieb = oeffne_betrieb(datei)
    konten.lege_an(betrieb.store, "lena", kennwort, [Erteilt.aus(recht) for recht in RECHTE], "lena")
    server = Server(betrieb)
    server.starte()
    yield server.adresse.rstrip("/"), kennwort
    server.stoppe()
    betrieb.schliesse()


def _melde_an(seite: Any, adresse: str, kennwort: str) -> None:
    seite.goto(f"{adresse}/")
    seite.fill("#name", "lena")
    seite.fill("#kennwort", kennwort)
    seite.click("main button")
    seite.wait_for_url(f"{adresse}/")


def photographiere(browser: Any, adresse: str, kennwort: str, ziel: Path) -> None:
    """One picture a page, as a person at a desk sees it, and the first page as on a telephone."""
    seite = browser.new_context(viewport=BREIT, locale="de-DE").new_page()
    _melde_an(seite, adresse, kennwort)
    seite.goto(f"{adresse}/vorgaenge?status=held")
    vorgang = seite.locator("tbody a.mono").first.get_attribute("href")
    seiten = {"uebersicht": "/", "vorgaenge": "/vorgaenge", "vorgang": vorgang, "kanaele": "/kanaele"}
    for name, pfad in seiten.items():
        seite.goto(f"{adresse}{pfad}")
        seite.screenshot(path=ziel / f"konsole-{name}.png")
    klein = browser.new_context(viewport=TELEFON, locale="de-DE").new_page()
    _melde_an(klein, adresse, kennwort)
    klein.screenshot(path=ziel / "konsole-telefon.png")


def main(ziel: Path) -> int:
    """All pictures into ``ziel``."""
    if not CHROMIUM:
        print("Chromium fehlt; unter Debian: apt-get install chromium")
        return 1
    with tempfile.TemporaryDirectory() as ordner, konsole(Path(ordner) / "demo") as zugang, sync_playwright() as spiel:
        browser = spiel.chromium.launch(executable_path=CHROMIUM, args=OHNE_NETZ)
        photographiere(browser, *zugang, ziel)
        browser.close()
    print("\n".join(f"{bild.name}: {bild.stat().st_size // 1024} KiB" for bild in sorted(ziel.glob("konsole-*.png"))))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
