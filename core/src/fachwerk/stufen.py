"""Which stages of receipts a configured Ziel can reach after the hand-over, and when each is expected.

A manifest says what a plugin can do at best. What one Ziel can do may be less: a layout without receipts, a service
without a question. Its settings model says so with the optional method ``quittungsstufen(ordner)``, which may only
narrow the manifest: no stage at all means that nothing can be asked, ``uebergeben`` alone that no higher stage can come
but a rejection may. Pure but for the profile that such a method may read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.errors import FachwerkError
from fachwerk.manifest import Stufe, Ziel

if TYPE_CHECKING:
    from fachwerk.plugins import Plugins

_STUNDE_S = 3600
VORGABEN: Mapping[Stufe, int] = {
    Stufe.UEBERGEBEN: 4 * _STUNDE_S,
    Stufe.TECHNISCH_BESTAETIGT: 24 * _STUNDE_S,
    Stufe.UEBERNOMMEN: 72 * _STUNDE_S,
}
"""Seconds after which a stage is overdue if ``erwartet`` says nothing: our own threshold, no fact about any product."""

WORT: Mapping[Stufe, str] = {
    Stufe.UEBERGEBEN: "übergeben",
    Stufe.TECHNISCH_BESTAETIGT: "technisch bestätigt",
    Stufe.UEBERNOMMEN: "übernommen",
}
"""The stages for people."""

_RANG = {stufe: rang for rang, stufe in enumerate(Stufe)}


def rang(stufe: Stufe) -> int:
    """Stages in their order: a higher one includes the lower ones."""
    return _RANG[stufe]


def hoechste(stufen: Iterable[Stufe]) -> Stufe | None:
    """The highest of ``stufen``, None of none."""
    return max(stufen, key=rang, default=None)


def naechste(ziel: Ziel, erreicht: Stufe) -> Stufe | None:
    """The lowest stage above ``erreicht`` that can still come at ``ziel``; None: it is complete."""
    return min((stufe for stufe in ziel.stufen if rang(stufe) > rang(erreicht)), key=rang, default=None)


def fragt_noch(ziel: Ziel, erreicht: Stufe) -> bool:
    """Whether there is something to ask for: a higher stage, or a rejection where no higher stage can come."""
    return naechste(ziel, erreicht) is not None or (ziel.gefragt and ziel.stufen == (Stufe.UEBERGEBEN,))


def mit_stufen(plugins: Plugins, ziel: Ziel, ordner: Path) -> Ziel:
    """``ziel`` with the stages it can reach, ``uebergeben`` among them, ascending, and whether it is asked for them.

    Without ``find_delivered`` nobody can ask, so nothing comes after the hand-over. Raises ``ValueError`` with a German
    sentence where the settings name what the manifest does not have.
    """
    koennte = plugins.manifest(ziel.plugin).stufen if plugins.hat(ziel.plugin, "find_delivered") else ()
    genannt = _genannt(ziel, ordner)
    if genannt and (fremd := [stufe for stufe in genannt if stufe not in (Stufe.UEBERGEBEN, *koennte)]):
        raise ValueError(
            f"Das Plugin „{ziel.plugin}“ nennt für dieses Ziel die Quittungsstufe „{fremd[0]}“, die sein Manifest "
            "nicht hat; an dessen Pflege melden."
        )
    eigene = koennte if genannt is None else genannt
    stufen = tuple(stufe for stufe in Stufe if stufe is Stufe.UEBERGEBEN or stufe in eigene)
    gefragt = bool(koennte) and (len(stufen) > 1 or bool(genannt))
    return ziel.model_copy(update={"stufen": stufen, "gefragt": gefragt})


def _genannt(ziel: Ziel, ordner: Path) -> tuple[Stufe, ...] | None:
    """What the settings say; None: nothing, or they cannot be read, which preflight and delivery tell themselves."""
    nenne = getattr(ziel.einstellungen, "quittungsstufen", None)
    try:
        return None if nenne is None else tuple(nenne(ordner))
    except FachwerkError:
        return None


def erwartungen(stufen: Collection[Stufe], angaben: Mapping[Stufe, int]) -> dict[Stufe, int]:
    """Seconds in which each of the ``stufen`` of a Ziel is expected: as its section says, else the default.

    Raises ``ValueError`` for a stage that cannot come.
    """
    for stufe in angaben:
        if stufe not in stufen:
            moeglich = ", ".join(eine.value for eine in stufen)
            raise ValueError(
                f"„{stufe.value}“ kann dieses Ziel nicht melden (möglich: {moeglich}). Bitte hier streichen, oder das "
                "Ziel so einrichten, dass es diese Quittung gibt."
            )
    return {stufe: angaben.get(stufe, VORGABEN[stufe]) for stufe in stufen}
