"""The guard before every page: who is asking, with which right, and whether a form comes from our own page.

A page is a plain function of an :class:`Anfrage`; :func:`geschuetzt` makes an endpoint of it. What the page raises
becomes a page of its own, in German, with the status that belongs to it.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fachwerk.errors import FachwerkError
from fachwerk.rechte import ALLE_KANAELE, Person, Recht

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.konsole.app import Konsole
    from fachwerk.konsole.sitzungen import Sitzung

log = structlog.get_logger("fachwerk.konsole")

FELDER_HOECHSTENS = 200
"""Fields of a form; more are refused by the reader of the form."""

FELD_HOECHSTENS = 256 * 1024
"""Bytes of one field."""


class NichtErlaubt(Exception):
    """The person may not do this; shown as 403."""


class NichtGefunden(Exception):
    """There is no such thing, or the person may not know of it; shown as 404."""


@dataclass(frozen=True)
class Anfrage:
    """A request of a logged-in person. ``formular`` is empty but for a POST whose token was right."""

    konsole: Konsole
    request: Request
    person: Person
    sitzung: Sitzung
    formular: Mapping[str, str] = field(default_factory=dict)

    @property
    def betrieb(self) -> Betrieb:
        """The installation."""
        return self.konsole.betrieb

    @property
    def kanaele(self) -> tuple[str, ...]:
        """The Kanäle whose cases the person may see in lists."""
        return self.person.kanaele(tuple(self.betrieb.kanaele))

    @property
    def sieht_alle_kanaele(self) -> bool:
        """Whether a right holds for every Kanal, also for those that are not configured any more."""
        return any(eins.kanal == ALLE_KANAELE for eins in self.person.rechte)

    def pfad(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def frage(self, name: str, sonst: str = "") -> str:
        """A parameter of the query, without surrounding blanks, at most 200 characters."""
        return self.request.query_params.get(name, sonst).strip()[:200]

    def feld(self, name: str) -> str:
        """A field of the form, without surrounding blanks."""
        return self.formular.get(name, "").strip()

    def begruendung(self, wozu: str) -> str:
        """The reason of the form, which must not be empty; ``wozu`` ends the sentence that asks for it."""
        if not (grund := self.feld("grund")):
            raise FachwerkError("grund_fehlt", f"Bitte begründen, {wozu}.")
        return grund

    def verlange(self, recht: Recht, kanal: str | None = None) -> None:
        """``NichtErlaubt`` unless the person has ``recht`` for ``kanal``."""
        if not self.person.darf(recht, kanal):
            raise NichtErlaubt

    def seite(self, vorlage: str, titel: str, status: int = 200, **werte: Any) -> Response:
        """Render a template as a page."""
        return self.konsole.seite(self.request, vorlage, titel, self, status, **werte)

    def weiter(self, ziel: str, getan: str = "") -> Response:
        """After a POST: go to ``ziel`` and say what was done (a word of :data:`fachwerk.konsole.seite.MELDUNGEN`)."""
        ort = f"{ziel}?{urlencode({'getan': getan})}" if getan else ziel
        return RedirectResponse(ort, status_code=303)


Seite = Callable[[Anfrage], Response]
Endpunkt = Callable[[Request], Awaitable[Response]]


def geschuetzt(seite: Seite, recht: Recht | None = None, *, ueberall: bool = False) -> Endpunkt:
    """An endpoint that lets only logged-in persons through, those with ``recht`` (for all Kanäle with ``ueberall``)."""

    async def endpunkt(request: Request) -> Response:
        konsole: Konsole = request.app.state.konsole
        wer = await run_in_threadpool(konsole.wer, request)
        if wer is None:
            return _zur_anmeldung(konsole, request)
        person, sitzung, token = wer
        formular = await _formular(request) if request.method == "POST" else {}
        anfrage = Anfrage(konsole, request, person, sitzung, formular)
        antwort = await run_in_threadpool(_antworte, anfrage, seite, recht, ueberall)
        if token:
            konsole.setze_keks(antwort, token)
        return antwort

    return endpunkt


def _antworte(anfrage: Anfrage, seite: Seite, recht: Recht | None, ueberall: bool) -> Response:
    try:
        if anfrage.request.method == "POST" and not _token_stimmt(anfrage):
            raise NichtErlaubt
        genuegt = anfrage.person.darf_ueberall if ueberall else anfrage.person.darf
        if recht is not None and not genuegt(recht):
            raise NichtErlaubt
        return seite(anfrage)
    except NichtErlaubt:
        log.warning("konsole_verweigert", konto=anfrage.person.name, pfad=anfrage.request.scope.get("route_name", ""))
        return anfrage.seite("fehler.html", "Nicht erlaubt", 403, text=NICHT_ERLAUBT)
    except NichtGefunden:
        return anfrage.seite("fehler.html", "Nicht gefunden", 404, text=NICHT_GEFUNDEN)
    except FachwerkError as fehler:
        text = f"{fehler.hint} [{fehler.code}]"
        return anfrage.seite("fehler.html", "Das ging nicht", 409, text=text)


NICHT_ERLAUBT = (
    "Dazu fehlt diesem Konto das Recht, oder die Seite war zu lange offen. Bitte noch einmal von vorn beginnen; "
    "Rechte vergibt, wer die Konsole verwaltet („fachwerk konto“)."
)
NICHT_GEFUNDEN = "Hier ist nichts. Vielleicht wurde der Vorgang gelöscht, oder die Adresse ist nicht vollständig."


def _token_stimmt(anfrage: Anfrage) -> bool:
    mitgebracht = anfrage.formular.get("csrf", "")
    return hmac.compare_digest(mitgebracht.encode(), anfrage.sitzung.csrf.encode())


async def _formular(request: Request) -> dict[str, str]:
    """The text fields of the form; the first of several of one name. Files are not accepted."""
    try:
        async with request.form(max_files=0, max_fields=FELDER_HOECHSTENS, max_part_size=FELD_HOECHSTENS) as formular:
            felder: dict[str, str] = {}
            for name, wert in formular.multi_items():
                if isinstance(wert, str):
                    felder.setdefault(name, wert)
            return felder
    except HTTPException:
        return {}


def _zur_anmeldung(konsole: Konsole, request: Request) -> Response:
    if request.method != "GET":
        text = "Die Sitzung ist beendet. Bitte neu anmelden; es wurde nichts geändert."
        return konsole.seite(request, "fehler.html", "Nicht angemeldet", None, 401, text=text)
    weiter = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/anmeldung?weiter={quote(weiter)}", status_code=303)
