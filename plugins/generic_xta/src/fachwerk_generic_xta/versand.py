"""Sending as a Ziel: one message id per delivery, kept before it is used, and the transport report as the judge.

Notes of a delivery key: ``nachricht_id`` is the id in use; ``beteiligte`` author and reader it was sent for;
``verbraucht`` the id that is used, but nobody can say for what, until a report of ours explains it; ``verworfen`` the
id whose transport failed for good. ``liefere`` is called with one of the last two only after a person decided: it
takes a fresh id then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError
from fachwerk.modell import Befund, GehaltenFuer, Quittung, Schwere, Sendung, Stufe, Ziel
from fachwerk_generic_xta import anschluss, sendung
from fachwerk_generic_xta.fehler import NachrichtUnbekannt
from fachwerk_generic_xta.nachricht import TransportBericht
from fachwerk_generic_xta.settings import zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host

_GRUEN, _GELB, _ROT = 1, 2, 3
_TEXT = 2000
_ANZAHL = 50


@dataclass(frozen=True)
class Uebergabe:
    """One delivery: its Ziel, its key and what was noted about it."""

    ziel: Ziel
    schluessel: str
    host: Host

    def liefere(self, fertige: Sendung) -> Quittung:
        """sendMessage with the id of this key; a used id is cleared up by :meth:`finde`, never by sending anew."""
        werte = zieleinstellungen(self.ziel)
        sendung.pruefe(fertige, werte)
        client = anschluss.client(self.ziel, self.host)
        kennung = self._kennung() or self._merke("nachricht_id", client.new_id())
        kopf = sendung.metadaten(fertige, kennung, werte, self.host.now())
        self._merke("beteiligte", f"{kopf.autor.kennung} {kopf.leser.kennung}")
        try:
            client.send(kopf, sendung.teile(fertige), sendung.teilangaben(fertige))
        except OutcomeUnknownError as fehler:
            if fehler.code == "xta.9024":
                self._merke("verbraucht", kennung)
            raise
        return self._quittung(kennung, Stufe.UEBERGEBEN)

    def finde(self) -> Quittung | None:
        """What the transport report says; None only if nothing was accepted under the id of this key."""
        kennung = self._notiz("nachricht_id")
        if not kennung:
            return None
        try:
            bericht = anschluss.client(self.ziel, self.host).report(kennung)
        except NachrichtUnbekannt:
            if kennung == self._notiz("verworfen"):
                raise _gescheitert(kennung, ()) from None
            if kennung != self._notiz("verbraucht"):
                return None
            text = "Das Postfach sagt, die Nachrichtenkennung sei schon verwendet, hat aber keinen Transportbericht."
            raise self._unklar(kennung, "xta.9024", text) from None
        if not self._ist_meiner(bericht, kennung):
            raise self._unklar(kennung, "bericht_fremd", "Der Transportbericht nennt andere Beteiligte als unsere.")
        self._merke("verbraucht", "")
        if bericht.status == _ROT:
            self._merke("verworfen", kennung)
            raise _gescheitert(kennung, _befunde(bericht))
        stufe = Stufe.TECHNISCH_BESTAETIGT if bericht.status in (_GRUEN, _GELB) else Stufe.UEBERGEBEN
        return self._quittung(kennung, stufe, bericht)

    def _kennung(self) -> str:
        """The id to send under; empty if a fresh one is due."""
        kennung = self._notiz("nachricht_id")
        return "" if kennung in (self._notiz("verworfen"), self._notiz("verbraucht")) else kennung

    def _unklar(self, kennung: str, grund: str, text: str) -> NeedsHumanError:
        """Nobody but the operator of the server knows; whoever releases this sends under a fresh id."""
        self._merke("verbraucht", kennung)
        return NeedsHumanError(
            "ausgang_unbekannt",
            f"{text} Beim Betreiber des XTA-Servers mit der Kennung {kennung} fragen: Kam sie nicht an, freigeben – "
            "sie geht dann unter neuer Kennung hinaus. Kam sie an, mit „fachwerk vorgang release --angekommen“ "
            "bestätigen. Wiederholen fragt nur noch einmal nach dem Bericht.",
            {"grund": grund, "nachricht_id": kennung},
            fuer=GehaltenFuer.BETRIEB,
        )

    def _ist_meiner(self, bericht: TransportBericht, kennung: str) -> bool:
        kopf = bericht.metadaten
        beteiligte = f"{kopf.autor.kennung} {kopf.leser.kennung}".casefold()
        return kopf.nachricht_id.casefold() == kennung.casefold() and beteiligte == self._notiz("beteiligte").casefold()

    def _quittung(self, kennung: str, stufe: Stufe, bericht: TransportBericht | None = None) -> Quittung:
        return Quittung(
            ziel=self.ziel.name,
            schluessel=self.schluessel,
            stufe=stufe,
            zeit=(bericht.zeit if bericht else None) or self.host.now(),
            kennung=kennung,
            einzelheiten=_einzelheiten(bericht) if bericht else {},
            befunde=_befunde(bericht) if bericht else (),
        )

    def _notiz(self, name: str) -> str:
        return self.host.notiz(self.schluessel, name)

    def _merke(self, name: str, wert: str) -> str:
        """Durably, before it is used."""
        if self._notiz(name) != wert:
            self.host.notiere(self.schluessel, name, wert)
        return wert


def _gescheitert(kennung: str, befunde: tuple[Befund, ...]) -> NeedsHumanError:
    return NeedsHumanError(
        "xta.versand_gescheitert",
        "Der Transport hat die Sendung endgültig nicht zugestellt; warum, steht in den Befunden des Vorgangs. Ist die "
        "Ursache behoben, den Vorgang wiederholen: Die Sendung geht dann unter neuer Kennung hinaus.",
        {"nachricht_id": kennung},
        fuer=GehaltenFuer.BETRIEB,
        befunde=befunde,
    )


def _einzelheiten(bericht: TransportBericht) -> dict[str, str]:
    kopf = bericht.metadaten
    zeiten = {"zugestellt": kopf.zugestellt, "abgeholt": kopf.zuerst_abgeholt}
    return {"status": str(bericht.status)} | {name: zeit.isoformat() for name, zeit in zeiten.items() if zeit}


def _befunde(bericht: TransportBericht) -> tuple[Befund, ...]:
    """Errors and warnings of the report for people: its codes come from any list and are shown, never switched on."""
    schweren = {"error": Schwere.FEHLER, "warning": Schwere.WARNUNG}
    return tuple(
        Befund(
            code="xta.bericht_fehler" if eintrag.stufe == "error" else "xta.bericht_warnung",
            schwere=schweren[eintrag.stufe],
            text=" ".join(f"Transportbericht: {eintrag.text} ({eintrag.code})".split())[:_TEXT],
        )
        for eintrag in bericht.eintraege
        if eintrag.stufe in schweren
    )[:_ANZAHL]
