"""Talks to an XTA mailbox: twelve operations, small values in and out. Raises ``fachwerk.errors``, never retries.

What the wire looks like is the codec's business (2.1.1 unless said otherwise), how bytes travel is ``austausch``'s.
Sources of the operations: WSDL of the XTA web service 2.1.1; what they mean: "XTA 2 Version 3", chapter on the web
service. Nothing here acknowledges a message on its own: :meth:`XtaClient.close` and the ``erhalten`` of the two
paging calls delete in the mailbox and are only for what is durably stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from fachwerk.errors import OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import Teil
from fachwerk.transport import Verbindung, classify_status, oeffne
from fachwerk_generic_xta.austausch import (
    UEBLICHE_GROESSEN,
    UEBLICHE_ZEITEN,
    Anlage,
    Antwort,
    Austausch,
    Leitungen,
)
from fachwerk_generic_xta.codec import Adressen, Anfrage, Auswahl, Codec
from fachwerk_generic_xta.codec211 import Codec211
from fachwerk_generic_xta.empfang import Empfang
from fachwerk_generic_xta.fehler import AntwortFehler, NachrichtUnbekannt, deute, deute_uebertragung
from fachwerk_generic_xta.masse import MIB, Groessen, Zeiten
from fachwerk_generic_xta.mehrteilig import MehrteiligFehler
from fachwerk_generic_xta.nachricht import (
    Abholung,
    Dienstauskunft,
    Dienstfrage,
    Inhaltsteil,
    Metadaten,
    Partei,
    StatusListe,
    Teilangaben,
    TransportBericht,
)
from fachwerk_generic_xta.soap import Umschlag

if TYPE_CHECKING:
    from fachwerk.host import InhaltSchreiber

__all__ = ["MIB", "Adressen", "Faehigkeiten", "Groessen", "XtaClient", "Zeiten", "verbinde"]


T = TypeVar("T")


@dataclass(frozen=True)
class Faehigkeiten:
    """What a server may lack although the WSDL has it: getNext… (``blaettern``) and cancelMessage."""

    blaettern: bool = False
    zurueckziehen: bool = False


class XtaClient:
    """One account at one mailbox. ``http`` belongs to the caller and is not closed here; see :func:`verbinde`."""

    def __init__(
        self,
        adressen: Adressen,
        ich: Partei,
        http: Leitungen,
        groessen: Groessen = UEBLICHE_GROESSEN,
        *,
        faehigkeiten: Faehigkeiten = Faehigkeiten(),
        zeiten: Zeiten = UEBLICHE_ZEITEN,
        codec: Callable[[Adressen, Partei], Codec] = Codec211,
    ) -> None:
        self._codec = codec(adressen, ich)
        self._austausch = Austausch(http, groessen, zeiten)
        self._groessen = groessen
        self._faehigkeiten = faehigkeiten

    def check(self) -> None:
        """checkAccountActive: returns if the account works, raises why it does not."""
        self._tausche(self._codec.pruefe_konto(), _nichts)

    def new_id(self) -> str:
        """createMessageId: a fresh message id; keep it durably before :meth:`send`."""
        return self._tausche(self._codec.neue_kennung(), self._codec.lies_kennung)

    def lookup(self, fragen: Sequence[Dienstfrage]) -> tuple[Dienstauskunft, ...]:
        """lookupService: who offers what, in the order of the server's answer. At least one question."""
        return self._tausche(self._codec.dienste(fragen), self._codec.lies_auskunft)

    def list(
        self,
        hoechstens: int = 50,
        *,
        neue: bool | None = None,
        ab: datetime | None = None,
        bis: datetime | None = None,
        ids: Sequence[str] = (),
        antworten_auf: Sequence[str] = (),
    ) -> StatusListe:
        """getStatusList: one page. ``neue`` None lets the mailbox choose, False includes what was fetched before."""
        auswahl = Auswahl(neue, ab, bis, tuple(ids), tuple(antworten_auf))
        return self._tausche(self._codec.liste(auswahl, hoechstens), self._codec.lies_liste)

    def next_list(self, anfrage_id: str, erhalten: Sequence[str] = ()) -> StatusListe:
        """getNextStatusList (``blaettern``): the page behind the one with ``anfrage_id``.

        ``erhalten`` are acknowledged, which deletes them in the mailbox; left out, nothing is acknowledged.
        """
        self._verlange(self._faehigkeiten.blaettern, "blaettern")
        return self._tausche(self._codec.naechste_liste(anfrage_id, erhalten), self._codec.lies_liste)

    def fetch(self, nachricht_id: str, inhalt: InhaltSchreiber) -> Abholung:
        """getMessage: the parts stream into ``inhalt``. Raises ``NachrichtUnbekannt`` if it is gone."""
        abholung = self._empfange(self._codec.hole(nachricht_id), inhalt)
        if abholung is None:
            raise NachrichtUnbekannt("xta.9070", "Das Postfach hat diese Nachricht nicht (mehr).")
        gemeint = abholung.metadaten.nachricht_id if abholung.metadaten else ""
        if gemeint and gemeint.lower() != nachricht_id.lower():
            raise AntwortFehler("andere_nachricht")
        return abholung

    def fetch_next(self, anfrage_id: str, inhalt: InhaltSchreiber, erhalten: Sequence[str] = ()) -> Abholung | None:
        """getNextMessage (``blaettern``): the next message of the list with ``anfrage_id``, None behind the last.

        ``erhalten`` are acknowledged, which deletes them in the mailbox; left out, nothing is acknowledged. A server
        may also say 9070 behind the last message: ``NachrichtUnbekannt``.
        """
        self._verlange(self._faehigkeiten.blaettern, "blaettern")
        return self._empfange(self._codec.hole_naechste(anfrage_id, erhalten), inhalt)

    def close(self, ids: Sequence[str], anfrage_id: str) -> None:
        """close: deletes in the mailbox! Only for what is durably stored; then unknown ids (9070) are success.

        One unknown id among several would leave the others open: then each is closed by itself.
        """
        try:
            for anfrage in self._codec.schliesse(ids, anfrage_id):
                self._tausche(anfrage, _nichts)
        except NachrichtUnbekannt:
            for einzeln in ids if len(ids) > 1 else ():
                self.close([einzeln], anfrage_id)

    def send(self, metadaten: Metadaten, teile: Sequence[Teil], angaben: Sequence[Teilangaben] = ()) -> None:
        """sendMessage: the first part is the Message. Streams; a lost answer is an ``OutcomeUnknownError``.

        ``angaben`` stand beside ``teile``, one for each, or are left out.
        """
        ansagen = _ansagen(teile, angaben)
        try:
            self._tausche(self._codec.sende(metadaten, ansagen), _nichts, _anlagen(ansagen, teile), senden=True)
        except AntwortFehler as fehler:
            raise OutcomeUnknownError(
                "xta.antwort_fehlt",
                "Die Sendung kann angekommen sein, die Antwort ist nicht lesbar. Mit dem Transportbericht nachfragen.",
                fehler.details,
            ) from None

    def send_sync(
        self,
        metadaten: Metadaten,
        teile: Sequence[Teil],
        inhalt: InhaltSchreiber,
        angaben: Sequence[Teilangaben] = (),
    ) -> Abholung:
        """sendMessageSync: as :meth:`send`, and the reader's reply comes back, its parts in ``inhalt``.

        Never repeat it: unless nothing at all was sent, everything but a clear refusal is an ``OutcomeUnknownError``
        a person has to clear up, because the reader may have acted and its reply cannot be asked for again.
        """
        ansagen = _ansagen(teile, angaben)
        anfrage = self._codec.sende_synchron(metadaten, ansagen)
        try:
            antwort = self._empfange(anfrage, inhalt, _anlagen(ansagen, teile), senden=True)
        except (RetryableError, OutcomeUnknownError) as fehler:
            if fehler.code in _NICHTS_GESENDET:
                raise
            raise _ungeklaert(fehler.code) from None
        except OSError:
            raise _ungeklaert("nicht_gespeichert") from None
        if antwort is None:
            raise _ungeklaert("antwort_leer")
        return antwort

    def report(self, nachricht_id: str) -> TransportBericht:
        """getTransportReport: what became of a sent message. Raises ``NachrichtUnbekannt`` (perhaps: not yet)."""
        return self._tausche(self._codec.bericht(nachricht_id), self._codec.lies_bericht)

    def cancel(self, nachricht_id: str) -> None:
        """cancelMessage (``zurueckziehen``): only works before the message's ``nicht_vor``.

        Too late is ``PermanentError`` xta.9100, sent without ``nicht_vor`` is xta.9101.
        """
        self._verlange(self._faehigkeiten.zurueckziehen, "zurueckziehen")
        self._tausche(self._codec.ziehe_zurueck(nachricht_id), _nichts)

    def _verlange(self, vorhanden: bool, faehigkeit: str) -> None:
        if not vorhanden:
            raise PermanentError(
                "xta.faehigkeit_aus",
                f"Dieser Aufruf ist für das Postfach nicht eingeschaltet („{faehigkeit}“), weil viele Server ihn nicht "
                "anbieten. Den Betreiber fragen und erst dann einschalten. Es wurde nichts gesendet.",
                {"faehigkeit": faehigkeit},
            )

    def _tausche(
        self,
        anfrage: Anfrage,
        lies: Callable[[Umschlag], T],
        anlagen: Sequence[Anlage] = (),
        *,
        senden: bool = False,
    ) -> T:
        """An exchange with a small answer, which is read before its connection may serve again."""
        with self._austausch.frage(anfrage, anlagen, idempotent=not senden) as antwort:
            if antwort.status != 200:
                raise self._ablehnung(anfrage, antwort, senden)
            gelesen = antwort.umschlag()
            self._codec.verlange_bezug(anfrage, gelesen)
            if gemeldet := self._codec.lies_fault(gelesen):
                raise deute(gemeldet, senden=senden)
            return lies(gelesen)

    def _empfange(
        self, anfrage: Anfrage, inhalt: InhaltSchreiber, anlagen: Sequence[Anlage] = (), *, senden: bool = False
    ) -> Abholung | None:
        """An exchange with a message as its answer."""
        empfang = Empfang(anfrage, inhalt, self._codec, self._groessen.inline, senden=senden)
        with self._austausch.frage(anfrage, anlagen, idempotent=not senden) as antwort:
            if antwort.status != 200:
                raise self._ablehnung(anfrage, antwort, senden)
            try:
                self._nimm(antwort, empfang)
                return empfang.abschluss()
            except MehrteiligFehler as fehler:
                raise AntwortFehler(fehler.code) from None

    def _nimm(self, antwort: Antwort, empfang: Empfang) -> None:
        if not antwort.ist_mehrteilig:
            empfang.nimm_umschlag(antwort.einfach(self._groessen.inline))
            return
        for teil in antwort.teile(self._groessen.antwort):
            empfang.nimm(teil)

    def _ablehnung(self, anfrage: Anfrage, antwort: Antwort, senden: bool) -> StepError:
        """Another status than 200: the fault inside, if it is ours, else what the status says."""
        try:
            gelesen = antwort.umschlag()
            gemeldet = self._codec.lies_fault(gelesen)
        except StepError:
            gemeldet = None
        if gemeldet is not None:
            self._codec.verlange_bezug(anfrage, gelesen)
            return deute(gemeldet, senden=senden)
        abgelehnt = classify_status(antwort.status, antwort.retry_after, idempotent=not senden)
        return deute_uebertragung(abgelehnt, senden=senden)


@contextmanager
def verbinde(
    adressen: Adressen,
    ich: Partei,
    verbindung: Verbindung,
    groessen: Groessen = UEBLICHE_GROESSEN,
    *,
    faehigkeiten: Faehigkeiten = Faehigkeiten(),
    zeiten: Zeiten = UEBLICHE_ZEITEN,
    codec: Callable[[Adressen, Partei], Codec] = Codec211,
) -> Iterator[XtaClient]:
    """A client for use outside of Fachwerk, with a connection of its own for each address, closed at the end.

    ``verbindung`` says certificate (PEM or PKCS#12), CA, proxy and time limits; there is no unverified connection.
    """
    with ExitStack() as offen:
        urls = dict.fromkeys((adressen.verwaltung, adressen.postfach, adressen.versand))
        leitungen = {url: offen.enter_context(oeffne(verbindung)) for url in urls}
        yield XtaClient(adressen, ich, leitungen, groessen, faehigkeiten=faehigkeiten, zeiten=zeiten, codec=codec)


_NICHTS_GESENDET = frozenset({"transport.nicht_erreichbar", "transport.zu_langsam"})


def _nichts(umschlag: Umschlag) -> None:
    """The good answer says nothing."""


def _ungeklaert(grund: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        "xta.synchron_ungeklaert",
        "Die synchrone Nachricht kann beim Leser angekommen sein, seine Antwort fehlt. Nicht erneut senden: beim Leser "
        "nachfragen, was geschehen ist, und den Vorgang von Hand klären.",
        {"grund": grund},
    )


def _ansagen(teile: Sequence[Teil], angaben: Sequence[Teilangaben]) -> Sequence[Inhaltsteil]:
    """What the envelope says about each part."""
    if not teile or len(angaben or teile) != len(teile):
        raise PermanentError(
            "xta.angabe_unzulaessig",
            "Eine Sendung braucht mindestens einen Teil, und Angaben entweder zu jedem Teil oder zu keinem.",
            {"angabe": "teile"},
        )
    mehr = angaben or [Teilangaben()] * len(teile)
    return [_ansage(nr, teil, dazu) for nr, (teil, dazu) in enumerate(zip(teile, mehr, strict=True))]


def _ansage(nr: int, teil: Teil, angaben: Teilangaben) -> Inhaltsteil:
    return Inhaltsteil(
        ist_nachricht=nr == 0,
        medientyp=teil.medientyp,
        dateiname=teil.name,
        beschreibung=teil.beschreibung,
        kodierung=angaben.kodierung,
        kennung=angaben.kennung,
        sprache=angaben.sprache,
        groesse=teil.laenge,
        cid=(f"teil-{nr}@fachwerk",),
    )


def _anlagen(ansagen: Sequence[Inhaltsteil], teile: Sequence[Teil]) -> Sequence[Anlage]:
    return [(ansage.cid[0], teil) for ansage, teil in zip(ansagen, teile, strict=True)]
