"""Puts a fetched message together: parts go into the content store as they arrive, the envelope says what they are.

Complete or nothing: every reference must resolve to exactly one part, every part must be referenced, stated sizes
must hold. What was stored for an answer that fails this is never part of an Eingang and is swept by the core.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fachwerk.modell import Teil
from fachwerk_generic_xta.codec import Anfrage, Codec
from fachwerk_generic_xta.fehler import AntwortFehler, deute
from fachwerk_generic_xta.mehrteilig import MimeTeil
from fachwerk_generic_xta.nachricht import Abholung, Inhaltsteil, Teilangaben, Umschlagsinhalt
from fachwerk_generic_xta.soap import Umschlag, inline_strom, lies_umschlag

if TYPE_CHECKING:
    from fachwerk.host import InhaltSchreiber

_UNBEKANNT = "application/octet-stream"


class Empfang:
    """The answer to ``anfrage`` while it arrives. ``grenze`` bounds the envelope, inline content included (bytes)."""

    def __init__(
        self, anfrage: Anfrage, inhalt: InhaltSchreiber, codec: Codec, grenze: int, *, senden: bool = False
    ) -> None:
        self._anfrage = anfrage
        self._inhalt = inhalt
        self._codec = codec
        self._grenze = grenze
        self._senden = senden
        self._umschlag: Umschlag | None = None
        self._angekuendigt: Umschlagsinhalt | None = None
        self._mime: dict[str, Teil] = {}
        self._benutzt: set[str] = set()

    def nimm(self, teil: MimeTeil) -> None:
        """The next part of the wire; the root may come first or last."""
        if teil.ist_wurzel:
            self.nimm_umschlag(lies_umschlag(teil.lies(self._grenze)))
            return
        if not teil.content_id:
            raise AntwortFehler("teil_ohne_verweis")
        ansage = self._ansage(teil.content_id)
        medientyp = ansage.medientyp if ansage else teil.medientyp.typ
        self._mime[teil.content_id] = self._inhalt.schreibe(
            teil.strom(),
            name=ansage.dateiname if ansage else "",
            medientyp=medientyp or _UNBEKANNT,
            beschreibung=ansage.beschreibung if ansage else "",
        )

    def nimm_umschlag(self, umschlag: Umschlag) -> None:
        """The envelope; a fault ends the fetch, and so does an answer to something else."""
        self._codec.verlange_bezug(self._anfrage, umschlag)
        if gemeldet := self._codec.lies_fault(umschlag):
            raise deute(gemeldet, senden=self._senden)
        self._umschlag = umschlag
        self._angekuendigt = self._codec.lies_inhalt(umschlag)

    def abschluss(self) -> Abholung | None:
        """The whole message, once everything has arrived; None where the mailbox says that there is none."""
        if self._umschlag is None:
            raise AntwortFehler("umschlag_fehlt")
        teile = self._ordne(self._umschlag, self._angekuendigt)
        if set(self._mime) != self._benutzt:
            raise AntwortFehler("teil_ohne_verweis")
        if self._angekuendigt is None:
            return None
        angaben = tuple(
            Teilangaben(ansage.kodierung, ansage.kennung, ansage.sprache, ansage.groesse)
            for ansage in self._angekuendigt.teile
        )
        kopf, anfrage_id = self._angekuendigt.metadaten, self._angekuendigt.anfrage_id
        return Abholung(kopf, anfrage_id, teile, self._angekuendigt.verschluesselt, angaben)

    def _ordne(self, umschlag: Umschlag, angekuendigt: Umschlagsinhalt | None) -> tuple[Teil, ...]:
        if angekuendigt is None:
            return ()
        if angekuendigt.verschluesselt:
            return self._verschluesselt(umschlag, angekuendigt)
        teile = tuple(self._teil(umschlag, ansage) for ansage in angekuendigt.teile)
        for verweis in angekuendigt.verweise:  # also of a header: what it means must be there, but is no content
            if self._benutzt.isdisjoint(verweis):
                self._loese(verweis)
        return teile

    def _ansage(self, content_id: str) -> Inhaltsteil | None:
        teile: Iterable[Inhaltsteil] = self._angekuendigt.teile if self._angekuendigt else ()
        return next((teil for teil in teile if content_id in teil.cid), None)

    def _teil(self, umschlag: Umschlag, ansage: Inhaltsteil) -> Teil:
        medientyp = ansage.medientyp or _UNBEKANNT
        if ansage.cid:
            angaben = {"name": ansage.dateiname, "medientyp": medientyp, "beschreibung": ansage.beschreibung}
            teil = self._loese(ansage.cid).model_copy(update=angaben)
        else:
            strom = inline_strom(umschlag, ansage)
            teil = self._inhalt.schreibe(strom, ansage.dateiname, medientyp, ansage.beschreibung)
        if ansage.groesse is not None and teil.laenge is not None and ansage.groesse != teil.laenge:
            raise AntwortFehler("groesse_abweichend")
        return teil

    def _verschluesselt(self, umschlag: Umschlag, angekuendigt: Umschlagsinhalt) -> tuple[Teil, ...]:
        """Nobody here has the key: keep the envelope exactly as it came, and its parts."""
        roh = self._inhalt.schreibe([umschlag.daten], "umschlag.xml", "application/soap+xml")
        return (roh, *(self._loese(verweis) for verweis in angekuendigt.verweise))

    def _loese(self, kandidaten: tuple[str, ...]) -> Teil:
        gefunden = [kennung for kennung in kandidaten if kennung in self._mime]
        if not gefunden:
            raise AntwortFehler("verweis_ohne_teil")
        if len(gefunden) > 1 or gefunden[0] in self._benutzt:
            raise AntwortFehler("verweis_mehrdeutig")
        self._benutzt.add(gefunden[0])
        return self._mime[gefunden[0]]
