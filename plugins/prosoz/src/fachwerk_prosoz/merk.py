"""What is known of a delivery across crashes: notes of the host, ids and codes only.

``lauf`` counts hand-overs after a rejection: each has its own name and key, so that an old refusal is never taken for
the answer to the new one. ``verworfen`` is the lauf PROSOZ refused, ``strittig`` one of which it says both; until a
person has decided and a new lauf begins, whoever asks is told so again. All other notes belong to a lauf.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Befund, GehaltenFuer, Quittung, Schwere, Stufe, Ziel

if TYPE_CHECKING:
    from fachwerk.host import Host

_TEXT = 2000
_KENNUNG = 200


@dataclass(frozen=True)
class Merk:
    """The notes of one delivery key."""

    ziel: Ziel
    schluessel: str
    host: Host

    @property
    def lauf(self) -> int:
        """Number of the current hand-over."""
        return int(self.host.notiz(self.schluessel, "lauf") or "0")

    @property
    def ist_verworfen(self) -> bool:
        """Whether PROSOZ refused the current hand-over; the next one is due."""
        return self.host.notiz(self.schluessel, "verworfen") == str(self.lauf)

    def beginne(self) -> int:
        """The lauf to deliver under: a fresh one after what a person has decided."""
        if self.ist_verworfen or self.host.notiz(self.schluessel, "strittig") == str(self.lauf):
            self.host.notiere(self.schluessel, "lauf", str(self.lauf + 1))
        return self.lauf

    def lies(self, name: str) -> str:
        """A note of the current lauf, empty if there is none."""
        return self.host.notiz(self.schluessel, f"{name}.{self.lauf}")

    def setze(self, name: str, wert: str) -> None:
        """Keep a note of the current lauf, durably."""
        if self.lies(name) != wert:
            self.host.notiere(self.schluessel, f"{name}.{self.lauf}", wert)

    def quittung(self, stufe: str, zeit: datetime, kennung: str = "") -> Quittung:
        """A proof of this delivery."""
        return Quittung(
            ziel=self.ziel.name, schluessel=self.schluessel, stufe=Stufe(stufe), zeit=zeit, kennung=kennung[:_KENNUNG]
        )

    def abgelehnt(self, grund: str | None, kennung: str = "") -> NeedsHumanError:
        """PROSOZ refused it: a repetition goes out under a new key and a new name. ``grund`` None: it was lost."""
        if not self.ist_verworfen:
            self.host.notiere(self.schluessel, "verworfen", str(self.lauf))
        return NeedsHumanError(
            "prosoz.abgelehnt",
            "PROSOZ hat den Fall abgelehnt; was es dazu sagt, steht in den Befunden. Ist die Ursache behoben, den "
            "Vorgang wiederholen: Er geht dann unter neuem Schlüssel hinaus. Oder den Fall dort von Hand anlegen?",
            {"kennung": kennung[:_KENNUNG]} if kennung else {},
            befunde=_befund(grund),
        )

    def strittig(self) -> NeedsHumanError:
        """PROSOZ contradicts itself: a release goes out under a new key and a new name."""
        if self.host.notiz(self.schluessel, "strittig") != str(self.lauf):
            self.host.notiere(self.schluessel, "strittig", str(self.lauf))
        return self.unklar("PROSOZ hat diesen Fall zugleich als übernommen und als abgelehnt gemeldet.")

    def unklar(self, was: str) -> NeedsHumanError:
        """Nobody but a person can tell whether it arrived."""
        return NeedsHumanError(
            "ausgang_unbekannt",
            f"{was} Bitte in PROSOZ nach dem Fall suchen: Ist nichts da, mit „fachwerk vorgang release“ erneut "
            "übergeben; ist er da, mit „--angekommen“ dazu.",
            fuer=GehaltenFuer.BETRIEB,
        )


def _befund(grund: str | None) -> tuple[Befund, ...]:
    if grund is None:
        text = "Welchen Grund PROSOZ genannt hat, ging bei einem Abbruch von Fachwerk verloren; bitte dort nachsehen."
    else:
        text = f"PROSOZ meldet: {grund.strip()[:_TEXT]}" if grund.strip() else "PROSOZ nennt keinen Grund."
    return (Befund(code="prosoz.abgelehnt", schwere=Schwere.FEHLER, text=text),)
