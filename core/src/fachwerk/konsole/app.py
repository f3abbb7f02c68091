"""The console put together: pages, guard, protection, as one Starlette application for one installation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from fachwerk import konten
from fachwerk.datenbank import STOERUNGEN
from fachwerk.konsole import gesundheit
from fachwerk.konsole import seite as seiten_modul
from fachwerk.konsole.drossel import Drossel
from fachwerk.konsole.schutz import Schutz, rechner
from fachwerk.konsole.seiten import alle_routen
from fachwerk.konsole.sitzungen import Sitzung, Sitzungen
from fachwerk.rechte import Person

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.konsole.zugang import Anfrage

ANFRAGEN_AUF_EINMAL = 120
ANFRAGEN_JE_MINUTE = 600
ANMELDUNGEN_AUF_EINMAL = 10
ANMELDUNGEN_JE_MINUTE = 10

DATENBANK_WEG = (*STOERUNGEN, sa.exc.TimeoutError)
WIEDER_NACH_S = 5


class Konsole:
    """What the pages share: the installation, the sessions, the templates."""

    def __init__(self, betrieb: Betrieb) -> None:
        self.betrieb = betrieb
        self.einstellungen = betrieb.einstellungen.konsole
        self.tls = bool(self.einstellungen.zertifikat)
        minuten, stunden = self.einstellungen.sitzung_minuten, self.einstellungen.sitzung_stunden
        self.sitzungen = Sitzungen(betrieb.store, timedelta(minutes=minuten), timedelta(hours=stunden))
        self.anmeldebremse = Drossel(ANMELDUNGEN_AUF_EINMAL, ANMELDUNGEN_JE_MINUTE)
        self._vorlagen = seiten_modul.umgebung()
        self._vorlagen.globals["betreiber"] = betrieb.einstellungen.fachwerk.betreiber

    # -- who -----------------------------------------------------------------------------------------------------

    def wer(self, request: Request) -> tuple[Person, Sitzung, str] | None:
        """Account, session and, where it just began, the token for the cookie; None for nobody."""
        name = self._name_vom_proxy(request) if self.einstellungen.anmeldung == "proxy" else None
        if self.einstellungen.anmeldung == "proxy" and name is None:
            return None
        sitzung = self.sitzungen.finde(request.cookies.get(self.keks, ""))
        token = ""
        if name is not None and (sitzung is None or sitzung.konto != name):
            if konten.person(self.betrieb.store, name) is None:
                return None
            token, sitzung = self.sitzungen.beginne(name)
        person = konten.person(self.betrieb.store, sitzung.konto) if sitzung is not None else None
        return None if person is None or sitzung is None else (person, sitzung, token)

    def _name_vom_proxy(self, request: Request) -> str | None:
        woher = request.client.host if request.client else ""
        if woher not in self.einstellungen.proxy_adressen:
            return None
        namen = request.headers.getlist(self.einstellungen.proxy_kopfzeile)
        return namen[0].strip().casefold() or None if len(namen) == 1 else None

    # -- cookie --------------------------------------------------------------------------------------------------

    @property
    def keks(self) -> str:
        """Name of the cookie; with TLS the browser itself guards it (prefix ``__Host-``)."""
        return "__Host-fachwerk" if self.tls else "fachwerk"

    def setze_keks(self, antwort: Response, token: str) -> None:
        """The session's token, for this host only, unseen by scripts and by requests from other sites."""
        antwort.set_cookie(self.keks, token, path="/", secure=self.tls, httponly=True, samesite="strict")

    def loesche_keks(self, antwort: Response) -> None:
        """Forget the token."""
        antwort.delete_cookie(self.keks, path="/", secure=self.tls, httponly=True, samesite="strict")

    # -- pages ---------------------------------------------------------------------------------------------------

    def seite(
        self, request: Request, vorlage: str, titel: str, anfrage: Anfrage | None, status: int = 200, **werte: Any
    ) -> Response:
        """A template as a page, with navigation, title and what was just done."""
        person = anfrage.person if anfrage else None
        rahmen = {
            "titel": titel,
            "person": person,
            "csrf": anfrage.sitzung.csrf if anfrage else "",
            "reiter": seiten_modul.reiter(person),
            "ort": request.url.path,
            "getan": seiten_modul.MELDUNGEN.get(request.query_params.get("getan", ""), ""),
        }
        return HTMLResponse(self._vorlagen.get_template(vorlage).render({**rahmen, **werte}), status)


def baue(betrieb: Betrieb) -> Starlette:
    """The application for ``betrieb``."""
    konsole = Konsole(betrieb)
    namen = {"127.0.0.1", "localhost", "::1", rechner(konsole.einstellungen.listen), *konsole.einstellungen.namen}
    schutz = Middleware(Schutz, namen=namen, drossel=Drossel(ANFRAGEN_AUF_EINMAL, ANFRAGEN_JE_MINUTE), tls=konsole.tls)
    routen: list[Route | Mount] = [
        *gesundheit.ROUTEN,
        *alle_routen(),
        Mount("/statisch", StaticFiles(directory=str(seiten_modul.statisch()))),
    ]
    seiten: dict[Any, Any] = {404: _nichts, 500: _panne, **dict.fromkeys(DATENBANK_WEG, _ohne_datenbank)}
    app = Starlette(routes=routen, middleware=[schutz], exception_handlers=seiten)
    app.state.konsole = konsole
    app.state.gesundheit = gesundheit.Gesundheit(betrieb)
    return app


def sicherer_ort(weiter: str) -> str:
    """A path of this console to go to after the login; the overview for anything else."""
    try:
        teile = urlsplit(weiter)
    except ValueError:
        return "/"
    fremd = teile.scheme or teile.netloc or not weiter.startswith("/") or weiter.startswith(("//", "/\\"))
    return "/" if fremd or any(ord(zeichen) < 32 for zeichen in weiter) else weiter


async def _nichts(request: Request, _fehler: Exception) -> Response:
    """There is no such page; those who are logged in keep their navigation."""
    from fachwerk.konsole.zugang import NICHT_GEFUNDEN, Anfrage

    konsole: Konsole = request.app.state.konsole
    try:
        wer = await run_in_threadpool(konsole.wer, request) if request.cookies.get(konsole.keks) else None
    except DATENBANK_WEG:
        wer = None
    anfrage = Anfrage(konsole, request, wer[0], wer[1]) if wer else None
    return konsole.seite(request, "fehler.html", "Nicht gefunden", anfrage, 404, text=NICHT_GEFUNDEN)


async def _ohne_datenbank(request: Request, _fehler: Exception) -> Response:
    """The database is away; the service waits for it, and so should the person. Its absence is logged elsewhere."""
    konsole: Konsole = request.app.state.konsole
    text = (
        "Die Datenbank ist gerade nicht erreichbar. Fachwerk wartet auf sie und arbeitet dann von selbst weiter; kein "
        "Vorgang geht verloren. Bitte gleich noch einmal versuchen. Wer gerade etwas abgeschickt hat, sieht danach "
        "nach, ob es getan ist."
    )
    antwort = konsole.seite(request, "fehler.html", "Datenbank nicht erreichbar", None, 503, text=text)
    antwort.headers["Retry-After"] = str(WIEDER_NACH_S)
    return antwort


async def _panne(request: Request, fehler: Exception) -> Response:
    """Never more than the class of what went wrong."""
    from fachwerk.konsole.zugang import log

    log.error("konsole_panne", klasse=type(fehler).__name__)
    konsole: Konsole = request.app.state.konsole
    text = "Die Konsole ist auf einen eigenen Fehler gestoßen; die Vorgänge sind davon nicht betroffen."
    return konsole.seite(request, "fehler.html", "Interner Fehler", None, 500, text=text)
