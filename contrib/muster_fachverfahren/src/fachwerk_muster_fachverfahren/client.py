"""The only file with I/O: uploads a Sendung part by part and concludes it; asks what became of a key.

``PUT /faelle/KENNUNG/teile/N`` stores a part, ``POST /faelle/KENNUNG/abschluss`` makes the case visible, all parts or
none; both may be repeated. ``GET /faelle/KENNUNG`` says whether it is there. So whatever goes wrong on the way may be
tried again: the worst that can happen is a part uploaded twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from fachwerk.errors import FachwerkError, RetryableError
from fachwerk.modell import Befund, Quittung, Schwere, Sendung, Stufe, Teil, Ziel
from fachwerk.transport import classify, classify_status
from fachwerk_muster_fachverfahren.settings import Zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host


class Fallstand(BaseModel):
    """What the Fachverfahren answers about a case."""

    model_config = ConfigDict(extra="ignore")

    kennung: str
    aktenzeichen: str
    stand: Literal["uebergeben", "uebernommen"]


class Anschluss:
    """One Ziel and the way to it."""

    def __init__(self, ziel: Ziel, host: Host) -> None:
        self._ziel = ziel
        self._host = host
        self._werte = Zieleinstellungen.model_validate(ziel.einstellungen)

    def liefere(self, sendung: Sendung, schluessel: str) -> Quittung:
        """All parts, then the conclusion with their hashes. Raises the errors of ``classify``."""
        kennung = kennung_von(schluessel)
        teile = []
        for nummer, anlage in enumerate(sendung.anlagen, 1):
            summe = _Pruefsumme(anlage.teil)
            self._rufe("PUT", f"/faelle/{kennung}/teile/{nummer}", content=iter(summe))
            teile.append({"pfad": anlage.pfad, "sha256": summe.hex})
        abschluss = {"bezeichnung": sendung.bezeichnung, "metadaten": sendung.metadaten, "teile": teile}
        antwort = self._rufe("POST", f"/faelle/{kennung}/abschluss", json=abschluss)
        return self._quittung(_lies(antwort, kennung), schluessel)

    def finde(self, schluessel: str) -> Quittung | None:
        """The case of this key, or None if the Fachverfahren says that there is none."""
        kennung = kennung_von(schluessel)
        antwort = self._rufe("GET", f"/faelle/{kennung}", erlaubt=(404,))
        if antwort.status_code == 404 and _ist_json(antwort):
            return None
        return self._quittung(_lies(antwort, kennung), schluessel)

    def pruefe(self) -> list[Befund]:
        """Preflight: one question that changes nothing."""
        try:
            antwort = self._rufe("GET", "/bereit")
            if _ist_json(antwort):
                return []
            raise _unlesbar()
        except FachwerkError as fehler:
            return [Befund(code="muster_fachverfahren.nicht_bereit", schwere=Schwere.FEHLER, text=fehler.hint)]

    def _rufe(self, methode: str, pfad: str, erlaubt: tuple[int, ...] = (), **inhalt: Any) -> httpx.Response:
        kopf = {
            "Authorization": f"Bearer {self._host.secret(self._werte.kennwort)}",
            "X-Mandant": self._werte.mandant,
        }
        with _uebersetzte_fehler():
            http = self._host.http(self._werte.verbindung(self._host))
            antwort = http.request(methode, self._werte.adresse + pfad, headers=kopf, **inhalt)
        if antwort.is_success or antwort.status_code in erlaubt:
            return antwort
        raise classify_status(antwort.status_code, antwort.headers.get("Retry-After"), idempotent=True)

    def _quittung(self, fall: Fallstand, schluessel: str) -> Quittung:
        return Quittung(
            ziel=self._ziel.name,
            schluessel=schluessel,
            stufe=Stufe(fall.stand),
            zeit=self._host.now(),
            kennung=fall.aktenzeichen,
        )


class _Pruefsumme:
    """Streams a part and knows its SHA-256 afterwards."""

    def __init__(self, teil: Teil) -> None:
        self._teil = teil
        self._summe = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for stueck in self._teil.bytes_strom():
            self._summe.update(stueck)
            yield stueck

    @property
    def hex(self) -> str:
        """After the stream has been read to its end."""
        return self._summe.hexdigest()


def kennung_von(schluessel: str) -> str:
    """The id of a case over there: always the same for the same key, and fit for a path."""
    return hashlib.sha256(schluessel.encode()).hexdigest()[:32]


@contextmanager
def _uebersetzte_fehler() -> Iterator[None]:
    """Every request here may be repeated, so whatever the net does is only a delay."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as fehler:
        raise classify(fehler, idempotent=True) from None


def _lies(antwort: httpx.Response, kennung: str) -> Fallstand:
    """The answer, if it is one: a maintenance page with status 200 is not."""
    try:
        fall = Fallstand.model_validate_json(antwort.content)
    except ValidationError:
        raise _unlesbar() from None
    if fall.kennung != kennung:
        raise _unlesbar()
    return fall


def _ist_json(antwort: httpx.Response) -> bool:
    typ: str = antwort.headers.get("Content-Type", "")
    return typ.partition(";")[0].strip() == "application/json"


def _unlesbar() -> RetryableError:
    return RetryableError(
        "muster_fachverfahren.antwort_unlesbar",
        "Unter der Adresse des Ziels antwortet etwas anderes als das Fachverfahren (etwa eine Wartungsseite). "
        "Stimmt die Adresse? Es wird von selbst wiederholt.",
    )
