"""What an account of the console may see and do (design, section 14).

Rights do not contain one another by chance: whoever looks after the machines sees no content, and whoever manages
accounts does not either. ``betrieb``: ids, codes and times; try again, resend, pause and resume. ``einsicht``: also the
content of cases. ``bearbeiten``: also release, supplement, forward, return. ``verwalten``: as ``betrieb``, and accounts
and the audit chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ALLE_KANAELE = "*"
"""A right for every Kanal, also for those configured later."""


class Recht(StrEnum):
    """A right of an account, given for one Kanal or for all."""

    BETRIEB = "betrieb"
    EINSICHT = "einsicht"
    BEARBEITEN = "bearbeiten"
    VERWALTEN = "verwalten"


ENTHAELT: dict[Recht, frozenset[Recht]] = {
    Recht.BETRIEB: frozenset({Recht.BETRIEB}),
    Recht.EINSICHT: frozenset({Recht.EINSICHT}),
    Recht.BEARBEITEN: frozenset({Recht.BEARBEITEN, Recht.EINSICHT}),
    Recht.VERWALTEN: frozenset({Recht.VERWALTEN, Recht.BETRIEB}),
}
"""Which rights one right includes."""


@dataclass(frozen=True)
class Erteilt:
    """One right for one Kanal (or ``*``)."""

    recht: Recht
    kanal: str = ALLE_KANAELE

    @classmethod
    def aus(cls, text: str) -> Erteilt:
        """``einsicht`` or ``einsicht:wbs-postfach``; ``ValueError`` with a German text for anything else."""
        wort, _, kanal = text.partition(":")
        if wort not in list(Recht):
            raise ValueError(
                f"„{wort}“ ist kein Recht. Möglich sind {', '.join(Recht)}, auch mit Kanal: einsicht:KANAL."
            )
        return cls(Recht(wort), kanal or ALLE_KANAELE)

    def __str__(self) -> str:
        return self.recht if self.kanal == ALLE_KANAELE else f"{self.recht}:{self.kanal}"


@dataclass(frozen=True)
class Person:
    """Who is logged in, with all rights given."""

    name: str
    rechte: tuple[Erteilt, ...] = ()

    def darf(self, recht: Recht, kanal: str | None = None) -> bool:
        """Whether the person has ``recht`` for ``kanal`` (None: for at least one)."""
        passende = (eins for eins in self.rechte if recht in ENTHAELT[eins.recht])
        return any(kanal is None or eins.kanal in (ALLE_KANAELE, kanal) for eins in passende)

    def darf_ueberall(self, recht: Recht) -> bool:
        """Whether the person has ``recht`` for every Kanal: what concerns the whole installation."""
        return any(recht in ENTHAELT[eins.recht] and eins.kanal == ALLE_KANAELE for eins in self.rechte)

    def kanaele(self, alle: tuple[str, ...]) -> tuple[str, ...]:
        """The Kanäle of ``alle`` whose cases the person may see in lists: those with any right."""
        return tuple(name for name in alle if any(eins.kanal in (ALLE_KANAELE, name) for eins in self.rechte))
