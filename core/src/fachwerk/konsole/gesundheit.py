"""For machines that watch over the service: ``/healthz``, ``/readyz`` and ``/metrics``, without login.

The first two say nothing but yes, or no with codes. Metrics hold counts and names of the configuration: they go to
this machine alone, or to whoever shows the token of ``[konsole].metriken_schluessel``. Answers are kept for moments,
so that nobody can keep the database busy by asking.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fachwerk.datenbank import datenbankzeit, schema_stand
from fachwerk.errors import FachwerkError
from fachwerk.kennzahlen import Kennzahlen, als_text
from fachwerk.konsole.schutz import rechner
from fachwerk.modell import utc
from fachwerk.settings import secret
from fachwerk.tabellen import knoten

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.konsole.app import Konsole

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

STILL_SEIT = timedelta(seconds=60)
"""A process whose watch has not passed for so long is not ready."""

BEREIT_GILT_S = 2.0
METRIKEN_GELTEN_S = 5.0
GEDULD_S = 3.0
"""A database that has not answered after so many seconds does not answer."""

_WEITERGELEITET = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

W = TypeVar("W")


class Gemerkt(Generic[W]):
    """The answer of a question for a while; one asks, the others wait for it."""

    def __init__(self, frage: Callable[[], W], gilt_s: float, uhr: Callable[[], float] = time.monotonic) -> None:
        self._frage, self._gilt_s, self._uhr = frage, gilt_s, uhr
        self._schloss = Lock()
        self._antwort: tuple[float, W] | None = None

    def hole(self) -> W:
        """The answer, at most so old."""
        with self._schloss:
            if self._antwort is None or self._uhr() - self._antwort[0] >= self._gilt_s:
                self._antwort = (self._uhr(), self._frage())
            return self._antwort[1]


class Gesundheit:
    """What these pages share."""

    def __init__(self, betrieb: Betrieb) -> None:
        kennzahlen = Kennzahlen(betrieb)
        self.bereit = Gemerkt(lambda: hindernisse(betrieb), BEREIT_GILT_S)
        self.metriken = Gemerkt(lambda: als_text(kennzahlen.sammle()), METRIKEN_GELTEN_S)


def hindernisse(betrieb: Betrieb) -> tuple[str, ...]:
    """Why this process does not work as it should; nothing if it does."""
    try:
        if (stand := schema_stand(betrieb.store.datenbank)) != "aktuell":
            return (f"datenbank_{stand}",)
        frage = sa.select(knoten.c.herzschlag).where(knoten.c.prozess == betrieb.store.prozess)
        with betrieb.store.lesend() as verbindung:
            herzschlag = verbindung.execute(frage).scalar_one_or_none()
            jetzt = datenbankzeit(verbindung)
    except sa.exc.SQLAlchemyError:
        return ("datenbank_nicht_erreichbar",)
    if herzschlag is None:
        return ("ohne_platz",)
    return ("wache_steht",) if jetzt - utc(herzschlag) > STILL_SEIT else ()


async def lebt(_request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def ist_bereit(request: Request) -> Response:
    """Whether it works: database, schema, slot, watch. A database that keeps silent is an answer, too."""
    codes: tuple[str, ...] = ("datenbank_antwortet_nicht",)
    with anyio.move_on_after(GEDULD_S):
        codes = await anyio.to_thread.run_sync(_gesundheit(request).bereit.hole, abandon_on_cancel=True)
    return PlainTextResponse("bereit\n") if not codes else PlainTextResponse(f"{' '.join(codes)}\n", 503)


async def metriken(request: Request) -> Response:
    """The metrics, for this machine or with the token."""
    konsole: Konsole = request.app.state.konsole
    if not _darf(request, konsole):
        return PlainTextResponse("Metriken gibt es nur auf diesem Rechner oder mit Schlüssel.\n", 403)
    try:
        text = await run_in_threadpool(_gesundheit(request).metriken.hole)
    except sa.exc.SQLAlchemyError:
        return PlainTextResponse("datenbank_nicht_erreichbar\n", 503)
    return Response(text, media_type=PROMETHEUS)


def _darf(request: Request, konsole: Konsole) -> bool:
    """With a token configured only with it; else from this machine, and not through a proxy on it."""
    if verweis := konsole.einstellungen.metriken_schluessel:
        try:
            erwartet = f"Bearer {secret(verweis, konsole.betrieb.einstellungen.ordner)}"
        except FachwerkError:
            return False
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), erwartet.encode())
    ueber_proxy = konsole.einstellungen.anmeldung == "proxy" or any(n in request.headers for n in _WEITERGELEITET)
    ziel = rechner(request.headers.get("host", ""))
    return not ueber_proxy and _ist_hier(request.client.host if request.client else "") and _ist_hier(ziel)


def _ist_hier(adresse: str) -> bool:
    try:
        return ip_address(adresse).is_loopback
    except ValueError:
        return adresse == "localhost"


def _gesundheit(request: Request) -> Gesundheit:
    gesundheit: Gesundheit = request.app.state.gesundheit
    return gesundheit


ROUTEN = [
    Route("/healthz", lebt, methods=["GET"]),
    Route("/readyz", ist_bereit, methods=["GET"]),
    Route("/metrics", metriken, methods=["GET"]),
]
