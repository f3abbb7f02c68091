"""One exchange with the mailbox over HTTP: the request streams out as MTOM, the answer streams in, both watched.

Requests are always multipart, as all public clients send them; answers may be multipart or plain. Raises the errors of
``fachwerk.errors``, never retries.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from fachwerk.errors import OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import Teil
from fachwerk.transport import classify
from fachwerk_generic_xta.codec import Anfrage
from fachwerk_generic_xta.fehler import AntwortFehler, deute_uebertragung
from fachwerk_generic_xta.masse import Groessen, Zeiten
from fachwerk_generic_xta.mehrteilig import (
    MehrteiligFehler,
    MimeTeil,
    gesamtlaenge,
    lies_medientyp,
    lies_teile,
    neue_grenze,
    schreibe_teile,
)
from fachwerk_generic_xta.soap import Umschlag, lies_umschlag

_EINFACH = frozenset({"application/soap+xml", "text/xml", "application/xml", "application/xop+xml"})

Anlage = tuple[str, Teil]
"""A part to send with its Content-ID."""
Leitungen = httpx.Client | Mapping[str, httpx.Client]
"""One client for everything, or one for each address."""


UEBLICHE_GROESSEN, UEBLICHE_ZEITEN = Groessen(), Zeiten()


@dataclass(frozen=True)
class Austausch:
    """Where to and within which limits."""

    leitungen: Leitungen
    groessen: Groessen
    zeiten: Zeiten

    @contextmanager
    def frage(self, anfrage: Anfrage, anlagen: Sequence[Anlage] = (), *, idempotent: bool = True) -> Iterator[Antwort]:
        """Send a request; yields its answer, of which only the HTTP head has been read.

        A connection whose answer cannot be trusted is not used again: whatever else comes over it would be taken for
        the answer to the next request.
        """
        http = self.leitungen if isinstance(self.leitungen, httpx.Client) else self.leitungen[anfrage.url]
        kopf, koerper = self._verpacke(anfrage, anlagen)
        try:
            gesendet = http.build_request("POST", anfrage.url, content=koerper, headers=kopf)
            gekommen = http.send(gesendet, stream=True)
        except _Quelle as fehler:
            raise fehler.grund from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as fehler:
            raise deute_uebertragung(classify(fehler, idempotent=idempotent), senden=not idempotent) from None
        try:
            yield Antwort(gekommen, self.groessen, self.zeiten, idempotent)
        except AntwortFehler:
            _trenne(gekommen)
            raise
        finally:
            gekommen.close()

    def _verpacke(self, anfrage: Anfrage, anlagen: Sequence[Anlage]) -> tuple[dict[str, str], Iterator[bytes]]:
        grenze = neue_grenze()
        mime = [(kennung, teil.medientyp, _inhalt(teil)) for kennung, teil in anlagen]
        try:
            content_type, koerper = schreibe_teile(anfrage.umschlag, anfrage.aktion, mime, grenze)
            laenge = _content_length(anfrage, anlagen, grenze)
        except ValueError:
            raise PermanentError(
                "xta.angabe_unzulaessig",
                "Der Medientyp eines Teils enthält Steuerzeichen und lässt sich nicht senden.",
                {"angabe": "medientyp"},
            ) from None
        kopf = {
            "Content-Type": content_type,
            "SOAPAction": anfrage.aktion,
            "Accept": "multipart/related, application/soap+xml, text/xml",
            "Accept-Encoding": "identity",
        }
        return kopf | laenge, self._beim_senden(koerper)

    def _beim_senden(self, koerper: Iterator[bytes]) -> Iterator[bytes]:
        """The body, while the time the network takes for it is measured.

        Given up only while something is left to send: so it was certainly not accepted.
        """
        gewartet, gesendet = 0.0, 0
        for stueck in koerper:
            if zu_langsam(self.zeiten, gewartet, gesendet):
                raise _zu_langsam()
            vorher = self.zeiten.uhr()
            yield stueck
            gewartet += self.zeiten.uhr() - vorher
            gesendet += len(stueck)


@dataclass(frozen=True)
class Antwort:
    """An answer while it arrives; to be read once."""

    gekommen: httpx.Response
    groessen: Groessen
    zeiten: Zeiten
    idempotent: bool

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.gekommen.status_code

    @property
    def retry_after(self) -> str | None:
        """The header of that name."""
        wert: str | None = self.gekommen.headers.get("retry-after")
        return wert

    @property
    def ist_mehrteilig(self) -> bool:
        """Whether it comes in MIME parts."""
        return lies_medientyp(self._content_type).typ.startswith("multipart/")

    def teile(self, grenze: int) -> Iterator[MimeTeil]:
        """Its MIME parts. ``MehrteiligFehler`` says that they are not complete."""
        return lies_teile(self._stuecke(grenze), self._content_type)

    def umschlag(self) -> Umschlag:
        """The envelope of a small answer with its parts; parts beyond the limit of an envelope are read over."""
        grenze = self.groessen.umschlag
        if not self.ist_mehrteilig:
            return self.einfach(grenze)
        wurzel, anhaenge, frei = b"", dict[str, bytes](), grenze
        try:
            for teil in self.teile(self.groessen.inline):
                if teil.ist_wurzel:
                    wurzel = teil.lies(grenze)
                elif (inhalt := teil.lies_falls_klein(frei)) is not None:
                    anhaenge[teil.content_id] = inhalt
                    frei -= len(inhalt)
        except MehrteiligFehler as fehler:
            raise AntwortFehler(fehler.code) from None
        return lies_umschlag(wurzel, anhaenge)

    def einfach(self, grenze: int) -> Umschlag:
        """The envelope of an answer that is no multipart."""
        if lies_medientyp(self._content_type).typ not in _EINFACH:
            raise AntwortFehler("kein_soap")
        puffer = io.BytesIO()  # unlike a join, it does not hold everything twice
        for stueck in self._stuecke(grenze):
            puffer.write(stueck)
        return lies_umschlag(puffer.getvalue())

    @property
    def _content_type(self) -> str:
        return str(self.gekommen.headers.get("content-type", ""))

    def _stuecke(self, grenze: int) -> Iterator[bytes]:
        """The body as it arrives; what breaks underneath becomes our error here, so that nothing else is mistaken."""
        strom = self.gekommen.iter_bytes()
        gewartet, gelesen = 0.0, 0
        while True:
            vorher = self.zeiten.uhr()
            stueck = self._naechstes(strom)
            gewartet += self.zeiten.uhr() - vorher
            if stueck is None:
                return
            gelesen += len(stueck)
            if gelesen > grenze:
                raise AntwortFehler("antwort_zu_gross")
            if zu_langsam(self.zeiten, gewartet, gelesen):
                raise self._abgebrochen()
            yield stueck

    def _naechstes(self, strom: Iterator[bytes]) -> bytes | None:
        try:
            return next(strom, None)
        except (httpx.HTTPError, httpx.StreamError, OSError) as fehler:
            raise deute_uebertragung(classify(fehler, idempotent=self.idempotent), senden=not self.idempotent) from None

    def _abgebrochen(self) -> StepError:
        if self.idempotent:
            return _zu_langsam()
        return OutcomeUnknownError(
            "transport.antwort_fehlt",
            "Die Anfrage ist angekommen, die Antwort kommt zu langsam. Bei der Gegenstelle nachsehen, nicht blind "
            "wiederholen.",
            {"art": "zu_langsam"},
        )


def zu_langsam(zeiten: Zeiten, gewartet: float, bytes_: int) -> bool:
    """Whether so many bytes in so many seconds of waiting are too few to go on."""
    return gewartet > zeiten.anlauf_s + bytes_ / zeiten.mindestens


class _Quelle(Exception):
    """Our own content could not be read while it was being sent; ``grund`` is why. Not the network's fault."""

    def __init__(self, grund: Exception) -> None:
        super().__init__()
        self.grund = grund


def _inhalt(teil: Teil) -> Iterator[bytes]:
    """The content of a part; whatever is wrong with it must not look like a broken connection."""
    gesendet = 0
    try:
        for stueck in teil.bytes_strom():
            gesendet += len(stueck)
            yield stueck
    except (OSError, httpx.HTTPError) as fehler:
        raise _Quelle(fehler) from None
    if teil.laenge is not None and gesendet != teil.laenge:
        raise _Quelle(
            PermanentError(
                "xta.teil_abweichend",
                "Ein Teil der Sendung ist länger oder kürzer als verzeichnet. Es wurde nichts gesendet; die Technik "
                "muss den Inhaltsspeicher prüfen.",
                {"teil": teil.id},
            )
        )


def _trenne(gekommen: httpx.Response) -> None:
    """Close the connection an answer came over; one without a socket has none to keep."""
    if (strom := gekommen.extensions.get("network_stream")) is not None:
        strom.close()


def _zu_langsam() -> RetryableError:
    return RetryableError(
        "transport.zu_langsam",
        "Die Gegenstelle überträgt so langsam, dass der Austausch nie fertig würde. Es wird wiederholt; hält es an, "
        "Netz und Betreiber fragen.",
    )


def _content_length(anfrage: Anfrage, anlagen: Sequence[Anlage], grenze: str) -> dict[str, str]:
    """Known lengths give a Content-Length, else the body is sent chunked."""
    laengen = [(kennung, teil.medientyp, teil.laenge) for kennung, teil in anlagen if teil.laenge is not None]
    if len(laengen) < len(anlagen):
        return {}
    return {"Content-Length": str(gesamtlaenge(anfrage.umschlag, anfrage.aktion, laengen, grenze))}
