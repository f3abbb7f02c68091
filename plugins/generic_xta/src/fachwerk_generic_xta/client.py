"""Talks to an XTA 2.1.1 mailbox. The only I/O of this plugin; raises the errors of ``fachwerk.errors``, never retries.

Requests are always multipart, as all public clients send them; answers may be multipart or plain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import httpx

from fachwerk.errors import OutcomeUnknownError, StepError
from fachwerk.modell import Teil
from fachwerk.transport import classify, classify_status
from fachwerk_generic_xta import antwort, umschlag
from fachwerk_generic_xta.antwort import Umschlag, lies_umschlag
from fachwerk_generic_xta.empfang import Empfang
from fachwerk_generic_xta.fehler import AntwortFehler, NachrichtUnbekannt, deute
from fachwerk_generic_xta.mehrteilig import (
    MehrteiligFehler,
    MimeTeil,
    gesamtlaenge,
    lies_medientyp,
    lies_teile,
    neue_grenze,
    schreibe_teile,
)
from fachwerk_generic_xta.nachricht import Abholung, Inhaltsteil, Metadaten, Partei, StatusListe, TransportBericht

if TYPE_CHECKING:
    from fachwerk.host import InhaltSchreiber

MIB = 1024 * 1024
_PLATZHALTER = "1"
"""MsgBoxRequestID where the mailbox named none; public clients always send this one."""


@dataclass(frozen=True)
class Adressen:
    """The three ports, which may lie on different hosts; ``versand`` is empty for a mailbox that only receives."""

    verwaltung: str
    postfach: str
    versand: str = ""


@dataclass(frozen=True)
class Groessen:
    """Limits in bytes: an ordinary envelope, one with content inside, a whole answer."""

    umschlag: int = 10 * MIB
    inline: int = 64 * MIB
    antwort: int = 4096 * MIB


class XtaClient:
    """One account at one mailbox. ``http`` belongs to the caller and is not closed here."""

    def __init__(self, adressen: Adressen, ich: Partei, http: httpx.Client, groessen: Groessen = Groessen()) -> None:
        self._adressen = adressen
        self._ich = ich
        self._http = http
        self._groessen = groessen

    def check(self) -> None:
        """checkAccountActive: returns if the account works, raises why it does not."""
        self._tausche(self._adressen.verwaltung, umschlag.pruefe_konto(self._adressen.verwaltung, self._ich))

    def new_id(self) -> str:
        """createMessageId: a fresh message id; keep it durably before :meth:`send`."""
        anfrage = umschlag.neue_kennung(self._adressen.verwaltung, self._ich)
        return antwort.nachricht_id(self._tausche(self._adressen.verwaltung, anfrage))

    def list(self, hoechstens: int = 50, *, neue: bool | None = None, ab: datetime | None = None) -> StatusListe:
        """getStatusList: one page. ``neue`` None lets the mailbox choose, False includes what was fetched before."""
        url = self._adressen.postfach
        return antwort.status_liste(self._tausche(url, umschlag.liste(url, self._ich, hoechstens, neue=neue, ab=ab)))

    def fetch(self, nachricht_id: str, inhalt: InhaltSchreiber) -> Abholung:
        """getMessage: the parts stream into ``inhalt``. Raises ``NachrichtUnbekannt`` if it is gone."""
        url = self._adressen.postfach
        empfang = Empfang(inhalt, self._groessen.inline)
        with self._frage(url, umschlag.hole(url, self._ich, nachricht_id)) as gekommen:
            if gekommen.status_code != 200:
                raise self._ablehnung(gekommen, senden=False)
            try:
                self._empfange(gekommen, empfang)
                abholung = empfang.abschluss()
            except MehrteiligFehler as fehler:
                raise AntwortFehler(fehler.code) from None
        gemeint = abholung.metadaten.nachricht_id if abholung.metadaten else ""
        if gemeint and gemeint.lower() != nachricht_id.lower():
            raise AntwortFehler("andere_nachricht")
        return abholung

    def close(self, ids: Sequence[str], anfrage_id: str) -> None:
        """close: deletes in the mailbox! Only for what is durably stored; then unknown ids (9070) are success."""
        url = self._adressen.postfach
        try:
            self._tausche(url, umschlag.schliesse(url, self._ich, ids, anfrage_id or _PLATZHALTER))
        except NachrichtUnbekannt:
            return

    def send(self, metadaten: Metadaten, teile: Sequence[Teil]) -> None:
        """sendMessage: the first part is the Message. Streams; a lost answer is an ``OutcomeUnknownError``."""
        ansagen = [_ansage(nr, teil) for nr, teil in enumerate(teile)]
        anfrage = umschlag.sende(self._adressen.versand, metadaten, ansagen)
        mime = [(ansage.cid[0], teil) for ansage, teil in zip(ansagen, teile, strict=True)]
        try:
            self._tausche(self._adressen.versand, anfrage, mime, senden=True)
        except AntwortFehler as fehler:
            raise OutcomeUnknownError(
                "xta.antwort_fehlt",
                "Die Sendung kann angekommen sein, die Antwort ist nicht lesbar. Mit dem Transportbericht nachfragen.",
                fehler.details,
            ) from None

    def report(self, nachricht_id: str) -> TransportBericht:
        """getTransportReport: what became of a sent message. Raises ``NachrichtUnbekannt`` (perhaps: not yet)."""
        url = self._adressen.verwaltung
        return antwort.transport_bericht(self._tausche(url, umschlag.bericht(url, self._ich, nachricht_id)))

    def _tausche(
        self, url: str, anfrage: umschlag.Anfrage, teile: Sequence[tuple[str, Teil]] = (), *, senden: bool = False
    ) -> Umschlag:
        with self._frage(url, anfrage, teile, idempotent=not senden) as gekommen:
            if gekommen.status_code != 200:
                raise self._ablehnung(gekommen, senden=senden)
            gelesen = self._lies_umschlag(gekommen, idempotent=not senden)
        if gemeldet := antwort.fault(gelesen):
            raise deute(gemeldet, senden=senden)
        return gelesen

    @contextmanager
    def _frage(
        self,
        url: str,
        anfrage: umschlag.Anfrage,
        teile: Sequence[tuple[str, Teil]] = (),
        *,
        idempotent: bool = True,
    ) -> Iterator[httpx.Response]:
        grenze = neue_grenze()
        mime = [(kennung, teil.medientyp, teil.bytes_strom()) for kennung, teil in teile]
        content_type, koerper = schreibe_teile(anfrage.umschlag, anfrage.aktion, mime, grenze)
        kopf = {
            "Content-Type": content_type,
            "SOAPAction": anfrage.aktion,
            "Accept": "multipart/related, application/soap+xml, text/xml",
            "Accept-Encoding": "identity",
            **_content_length(anfrage, teile, grenze),
        }
        try:
            gesendet = self._http.build_request("POST", url, content=koerper, headers=kopf)
            gekommen = self._http.send(gesendet, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as fehler:
            raise classify(fehler, idempotent=idempotent) from None
        try:
            yield gekommen
        finally:
            gekommen.close()

    def _stuecke(self, gekommen: httpx.Response, grenze: int, *, idempotent: bool = True) -> Iterator[bytes]:
        """The body as it arrives; what breaks underneath becomes our error here, so that nothing else is mistaken."""
        gelesen = 0
        strom = gekommen.iter_bytes()
        while True:
            try:
                stueck = next(strom, None)
            except (httpx.HTTPError, httpx.StreamError, OSError) as fehler:
                raise classify(fehler, idempotent=idempotent) from None
            if stueck is None:
                return
            gelesen += len(stueck)
            if gelesen > grenze:
                raise AntwortFehler("antwort_zu_gross")
            yield stueck

    def _empfange(self, gekommen: httpx.Response, empfang: Empfang) -> None:
        if _ist_mehrteilig(gekommen):
            for teil in self._teile(gekommen, self._groessen.antwort):
                empfang.nimm(teil)
        else:
            empfang.nimm_umschlag(self._einfach(gekommen, self._groessen.inline))

    def _teile(self, gekommen: httpx.Response, grenze: int, *, idempotent: bool = True) -> Iterator[MimeTeil]:
        stuecke = self._stuecke(gekommen, grenze, idempotent=idempotent)
        return lies_teile(stuecke, gekommen.headers.get("content-type", ""))

    def _lies_umschlag(self, gekommen: httpx.Response, *, idempotent: bool = True) -> Umschlag:
        """The envelope of a small answer; other parts (additional reports) are read over."""
        grenze = self._groessen.umschlag
        if not _ist_mehrteilig(gekommen):
            return self._einfach(gekommen, grenze, idempotent=idempotent)
        wurzel = b""
        try:
            for teil in self._teile(gekommen, 2 * grenze, idempotent=idempotent):
                if teil.ist_wurzel:
                    wurzel = teil.lies(grenze)
        except MehrteiligFehler as fehler:
            raise AntwortFehler(fehler.code) from None
        return lies_umschlag(wurzel)

    def _einfach(self, gekommen: httpx.Response, grenze: int, *, idempotent: bool = True) -> Umschlag:
        if lies_medientyp(gekommen.headers.get("content-type", "")).typ not in _EINFACH:
            raise AntwortFehler("kein_soap")
        return lies_umschlag(b"".join(self._stuecke(gekommen, grenze, idempotent=idempotent)))

    def _ablehnung(self, gekommen: httpx.Response, *, senden: bool) -> StepError:
        """Another status than 200: the fault inside, else what the status says."""
        try:
            gemeldet = antwort.fault(self._lies_umschlag(gekommen))
        except StepError:
            gemeldet = None
        if gemeldet is not None:
            return deute(gemeldet, senden=senden)
        return classify_status(gekommen.status_code, gekommen.headers.get("retry-after"), idempotent=not senden)


_EINFACH = frozenset({"application/soap+xml", "text/xml", "application/xml", "application/xop+xml"})


def _ist_mehrteilig(gekommen: httpx.Response) -> bool:
    return lies_medientyp(gekommen.headers.get("content-type", "")).typ.startswith("multipart/")


def _ansage(nr: int, teil: Teil) -> Inhaltsteil:
    return Inhaltsteil(
        ist_nachricht=nr == 0,
        medientyp=teil.medientyp,
        dateiname=teil.name,
        beschreibung=teil.beschreibung,
        groesse=teil.laenge,
        cid=(f"teil-{nr}@fachwerk",),
    )


def _content_length(anfrage: umschlag.Anfrage, teile: Sequence[tuple[str, Teil]], grenze: str) -> dict[str, str]:
    """Known lengths give a Content-Length, else the body is sent chunked."""
    laengen = [(kennung, teil.medientyp, teil.laenge) for kennung, teil in teile if teil.laenge is not None]
    if len(laengen) < len(teile):
        return {}
    return {"Content-Length": str(gesamtlaenge(anfrage.umschlag, anfrage.aktion, laengen, grenze))}
