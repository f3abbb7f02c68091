"""A person walks through the console in a real browser; axe looks at every page they see."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fachwerk.errors import OutcomeUnknownError
from fachwerk.konsole.server import Server
from fachwerk.modell import Befund, Schwere
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import antrag_xml

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
OHNE_NETZ = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
BOESE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"
BREITEN = {"breit": {"width": 1200, "height": 900}, "telefon": {"width": 390, "height": 800}}
BILDER = os.environ.get("FACHWERK_TEST_BILDER", "")
"""A folder for pictures of every page a test visits; empty: none."""

pytestmark = pytest.mark.debian


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("NOT CHECKED in a browser: Chromium is missing (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as spiel:
        offen = spiel.chromium.launch(executable_path=CHROMIUM, args=OHNE_NETZ)
        yield offen
        offen.close()


class Gang:
    """A person before a served console; ``fenster`` is the browser's page, ``dialoge`` what a script could open."""

    def __init__(self, browser: Any, pult: Any, adresse: str, breite: str) -> None:
        self.pult, self._adresse, self._breite = pult, adresse.rstrip("/"), breite
        self._kontext = browser.new_context(viewport=BREITEN[breite], locale="de-DE")
        self.fenster = self._kontext.new_page()
        self.fenster.set_default_timeout(60_000)
        self.dialoge: list[str] = []
        self.fenster.on("dialog", lambda dialog: (self.dialoge.append(dialog.message), dialog.dismiss()))
        self._bilder = 0

    def geh(self, pfad: str) -> Any:
        antwort = self.fenster.goto(f"{self._adresse}{pfad}")
        self.sieh_an()
        return antwort

    def melde_an(self, name: str = "lena") -> None:
        self.geh("/")
        self.fenster.fill("#name", name)
        self.fenster.fill("#kennwort", "vier rote Dachziegel")
        self.fenster.click("main button")
        self.fenster.wait_for_url(f"{self._adresse}/")
        self.sieh_an()

    def klicke(self, text: str) -> None:
        self.fenster.get_by_text(text, exact=True).first.click()
        self.fenster.wait_for_load_state()
        self.sieh_an()

    def sieh_an(self) -> None:
        """No page may have a fault of accessibility; where wanted, keep a picture of it."""
        from axe_playwright_python.sync_playwright import Axe

        fehler = Axe().run(self.fenster, options=WCAG).response["violations"]
        assert [(f["id"], [k["html"][:120] for k in f["nodes"]]) for f in fehler] == [], self.fenster.url
        if BILDER:
            self._bilder += 1
            name = self.fenster.url.removeprefix(self._adresse).strip("/").replace("/", "-").split("?")[0][:60]
            Path(BILDER).mkdir(parents=True, exist_ok=True)
            self.fenster.screenshot(path=Path(BILDER) / f"{self._breite}-{self._bilder:02}-{name}.png", full_page=True)

    @property
    def text(self) -> str:
        return str(self.fenster.inner_text("main"))


@pytest.fixture
def gang(browser: Any, pult: Callable[..., Any]) -> Iterator[Callable[..., Gang]]:
    """Serve a console on a free port and open a browser before it; arguments as those of ``pult``."""
    gaenge: list[tuple[Gang, Server]] = []

    def neuer(*rechte: str, breite: str = "breit", **welt: Any) -> Gang:
        hier = pult(*rechte, angemeldet=False, konsole={"listen": "127.0.0.1:0"}, **welt)
        server = Server(hier.welt.betrieb)
        server.starte()
        gaenge.append((Gang(browser, hier, server.adresse, breite), server))
        return gaenge[-1][0]

    yield neuer
    for einer, server in gaenge:
        einer._kontext.close()
        server.stoppe()


def halte_einen_fall(gang: Gang, **angaben: str) -> str:
    """One case that a Befund holds."""
    welt = gang.pult.welt
    welt.format.befunde = [Befund(code="unterschrift_fehlt", schwere=Schwere.SPERRE, text="Die Unterschrift fehlt.")]
    welt.lege_ein("n-1", antrag_xml(**({"uuid": "u-1"} | angaben)), (f"{BOESE}.pdf", "text/html", b"<script>alert(3)"))
    assert welt.durchlauf() == ["held"]
    return str(welt.der_vorgang().id)


@pytest.mark.parametrize("breite", BREITEN)
def test_jemand_findet_einen_gehaltenen_fall_liest_warum_gibt_ihn_frei_und_sieht_ihn_zugestellt(
    gang: Callable[..., Gang], breite: str
) -> None:
    hier = gang("bearbeiten", "betrieb", "verwalten", breite=breite)
    kennung = halte_einen_fall(hier)
    hier.melde_an()
    assert "gehalten" in hier.text
    hier.geh("/vorgaenge?status=held")
    hier.klicke(kennung[:12])
    assert "befund_sperrt" in hier.text
    hier.klicke("Inhalt ansehen")
    assert "Die Unterschrift fehlt." in hier.text
    hier.geh(f"/vorgang/{kennung}")
    hier.fenster.get_by_text("Trotzdem weiterlaufen lassen", exact=True).first.click()
    form = hier.fenster.locator("form[action$='/gib-frei']")
    form.locator("textarea").fill("Liegt unterschrieben vor, Anruf am Vormittag")
    form.locator("button").click()
    hier.fenster.wait_for_url("**getan=freigegeben")
    hier.sieh_an()
    assert "freigegeben und läuft weiter" in hier.text
    hier.pult.welt.arbeite()
    hier.geh(f"/vorgang/{kennung}")
    assert "zugestellt" in hier.fenster.inner_text("h1")
    assert "Liegt unterschrieben vor" in hier.text
    assert "eingesehen" in hier.text


@pytest.mark.parametrize("breite", BREITEN)
def test_jemand_sagt_dass_eine_sendung_ohne_antwort_am_ziel_liegt_und_sie_gilt_als_uebergeben(
    gang: Callable[..., Gang], breite: str
) -> None:
    hier = gang("bearbeiten", "betrieb", breite=breite, ziel={"akte": "ohne_schutz"})
    welt = hier.pult.welt
    welt.ohne_schutz.stoerungen.append(Stoerung(OutcomeUnknownError("weg", "Keine Antwort."), angekommen=True))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["held"]
    kennung = welt.der_vorgang().id
    hier.melde_an()
    hier.geh(f"/vorgang/{kennung}")
    assert ("Ist bei „akte“ nicht angekommen" in hier.text, "Trotzdem" in hier.text) == (True, False)
    hier.fenster.get_by_text("Ist bei „akte“ angekommen", exact=True).first.click()
    hier.sieh_an()
    form = hier.fenster.locator("form[action*='/angekommen']")
    form.locator("textarea").fill("Liegt in der Akte, Regal 7")
    form.locator("button").click()
    hier.fenster.wait_for_url("**getan=angekommen")
    hier.sieh_an()
    assert "gesendet wurde nichts" in hier.text
    assert "zugestellt" in hier.fenster.inner_text("h1")
    assert "Liegt in der Akte, Regal 7" in hier.text
    assert len(welt.ohne_schutz.versuche) == 1


def test_nichts_was_ein_absender_schreibt_wird_im_browser_ausgefuehrt(gang: Callable[..., Gang]) -> None:
    hier = gang("bearbeiten", "verwalten")
    hier.pult.welt.format.felder = {BOESE: BOESE}
    kennung = halte_einen_fall(hier, uuid=BOESE, produkt=BOESE, unbekannt=BOESE)
    hier.melde_an()
    schritt = hier.pult.store.schritte(kennung)[-1].id
    for pfad in ("", "/inhalt", "/original", "/original?form=roh", "/ergaenzen", f"/schritt/{schritt}", "/laeufe"):
        assert hier.geh(f"/vorgang/{kennung}{pfad}").status == 200
    for pfad in (f"/vorgaenge?q={BOESE}", "/gibt-es-nicht", f"/vorgang/{kennung}x"):
        hier.geh(pfad)
    assert hier.dialoge == []


@pytest.mark.parametrize("breite", BREITEN)
def test_jede_handlung_laesst_sich_vorher_ansehen_und_jede_seite_ist_zugaenglich(
    gang: Callable[..., Gang], breite: str
) -> None:
    hier = gang("bearbeiten", "betrieb", "verwalten", breite=breite)
    kennung = halte_einen_fall(hier)
    hier.melde_an()
    for pfad in ("/routen", "/anbindung", "/regeln", "/erweiterungen", "/erweiterungen/mit_schluessel"):
        assert hier.geh(pfad).status == 200
    for pfad in ("ergaenzen", "zurueckgeben", "nachsenden"):
        assert hier.geh(f"/vorgang/{kennung}/{pfad}").status == 200
    hier.geh(f"/vorgang/{kennung}/abgeben")
    hier.fenster.select_option("#ziel", "akte")
    hier.fenster.fill("#grund", "Nicht zuständig")
    hier.klicke("Abgabenachricht ansehen")
    assert "Abgabe eines Antrags an die zuständige Stelle" in hier.text
    hier.geh(f"/vorgang/{kennung}/vergleich")
    hier.klicke("Jetzt rechnen")
    assert "Heute" in hier.text
    assert hier.pult.welt.der_vorgang().status == "held"


def test_mit_der_tastatur_kommt_man_hinein_und_an_die_liste(gang: Callable[..., Gang]) -> None:
    hier = gang("betrieb")
    hier.geh("/")
    hier.fenster.keyboard.type("lena")
    hier.fenster.keyboard.press("Tab")
    hier.fenster.keyboard.type("vier rote Dachziegel")
    hier.fenster.keyboard.press("Enter")
    hier.fenster.wait_for_selector("nav")
    hier.fenster.keyboard.press("Tab")
    assert hier.fenster.evaluate("document.activeElement.textContent") == "Zum Inhalt"
    hier.fenster.get_by_role("link", name="Vorgänge", exact=True).focus()
    hier.fenster.keyboard.press("Enter")
    hier.fenster.wait_for_url("**/vorgaenge")


def test_ohne_javascript_geht_alles(browser: Any, gang: Callable[..., Gang]) -> None:
    hier = gang("betrieb")
    kontext = browser.new_context(java_script_enabled=False)
    seite = kontext.new_page()
    seite.goto(f"{hier._adresse}/")
    seite.fill("#name", "lena")
    seite.fill("#kennwort", "vier rote Dachziegel")
    seite.click("main button")
    seite.click("nav >> text=Ziele")
    seite.click("summary >> text=Anhalten")
    seite.fill("textarea", "Umzug")
    seite.click("details button")
    assert "von Hand angehalten" in seite.inner_text("main")
    kontext.close()
