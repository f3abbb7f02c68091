"""The content of a case as the console shows it: what each step of the newest run gave.

Reading it is an audit event of the case (:func:`vermerke_einsicht`); a shredded case has none of it any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from fachwerk.modell import Antrag, Befund, Eingang, Entscheidung, Sendung, Teil, Votum, Wert

if TYPE_CHECKING:
    from fachwerk.store import Store

W = TypeVar("W", bound=Wert)


@dataclass(frozen=True)
class Fallinhalt:
    """What is known of a case: the message, and what the newest run made of it (empty where it did not get so far)."""

    eingang: Eingang | None = None
    antrag: Antrag | None = None
    befunde: tuple[Befund, ...] = ()
    voten: tuple[Votum, ...] = ()
    entscheidung: Entscheidung | None = None
    sendungen: tuple[Sendung, ...] = ()

    @property
    def anlagen(self) -> tuple[Teil, ...]:
        """The parts of the message in their order, the main document first."""
        return self.eingang.teile if self.eingang else ()

    @property
    def dokumente(self) -> tuple[tuple[str, str, Teil], ...]:
        """What was rendered: Ziel, path in the Sendung, content."""
        return tuple((s.ziel, anlage.pfad, anlage.teil) for s in self.sendungen for anlage in s.anlagen)

    def teil(self, teil_id: str) -> Teil | None:
        """A part of this case by its id; None if it is no part of what the console shows."""
        eingebettete = [d.teil for d in self.antrag.dokumente if d.teil] if self.antrag else []
        alle = [*self.anlagen, *eingebettete, *(teil for _, _, teil in self.dokumente)]
        return next((teil for teil in alle if teil.id == teil_id), None)


def lies(store: Store, vorgang_id: str) -> Fallinhalt:
    """Read the newest output of every step; ``PermanentError`` where the content was shredded."""
    schritte = [schritt for schritt in store.schritte(vorgang_id) if schritt.ausgabe and not schritt.code]
    neueste: dict[tuple[str, str], Any] = {(schritt.name, schritt.ziel): schritt for schritt in schritte}
    lauf = max((schritt.lauf for schritt in schritte), default=1)

    def einer(typ: type[W], *namen: str) -> W | None:
        gefunden = [neueste[name, ""] for name in namen if (name, "") in neueste]
        return store.lies_wert(typ, gefunden[0].ausgabe) if gefunden else None

    def liste(typ: type[W], name: str) -> tuple[W, ...]:
        schritt = neueste.get((name, ""))
        return store.lies_liste(typ, schritt.ausgabe) if schritt else ()

    gerendert = [s for (name, _), s in neueste.items() if name == "render" and s.lauf == lauf]
    return Fallinhalt(
        eingang=einer(Eingang, "receive"),
        antrag=einer(Antrag, "ergaenzt", "map"),
        befunde=liste(Befund, "validate"),
        voten=liste(Votum, "decide"),
        entscheidung=einer(Entscheidung, "merge"),
        sendungen=tuple(store.lies_wert(Sendung, schritt.ausgabe) for schritt in gerendert),
    )


def vermerke_einsicht(store: Store, vorgang_id: str, wer: str, was: str) -> None:
    """Note in the audit chain of the case that somebody looks at its content (``was``: inhalt, original, a part id)."""
    with store.transaktion("einsicht") as verbindung:
        store.vermerke(verbindung, vorgang_id, wer, "eingesehen", was[:200])
