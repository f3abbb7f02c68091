"""What plugins are and what the configuration makes of them: Manifest, Kanal, Ziel.

Re-exported by :mod:`fachwerk.modell`, where authors look for it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from fachwerk.teil import Wert


class Stufe(StrEnum):
    """Handed over is not taken over (design, section 11)."""

    UEBERGEBEN = "uebergeben"
    TECHNISCH_BESTAETIGT = "technisch_bestaetigt"
    UEBERNOMMEN = "uebernommen"


class Art(StrEnum):
    """Kinds of plugin; one plugin may be several."""

    KANAL = "kanal"
    FORMAT = "format"
    REGELN = "regeln"
    ZIEL = "ziel"


class Idempotenz(StrEnum):
    """What a target offers against double delivery (design, section 4).

    ``schluessel``: the same key twice has one effect. ``abfrage``: ``find_delivered`` can tell. ``keine``: an
    unknown outcome is held for a person.
    """

    SCHLUESSEL = "schluessel"
    ABFRAGE = "abfrage"
    KEINE = "keine"


class Formatangabe(Wert):
    """Which Eingang a format plugin maps: root element (local name), namespace (regex, full match) or media type."""

    name: str
    wurzel: str = ""
    namensraum: str = ""
    medientyp: str = ""


class Manifest(BaseModel):
    """What a plugin is and may be asked for; answered once, at load.

    ``leistungen`` and ``laender`` are the scope of ``decide`` (empty: all). ``einstellungen`` gives, per kind,
    the pydantic model of the plugin's keys in ``fachwerk.toml``. ``gruppe`` claims a top-level command word.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str
    arten: frozenset[Art]
    titel: str = ""
    formate: tuple[Formatangabe, ...] = ()
    formate_aus: tuple[str, ...] = ()
    leistungen: frozenset[str] = frozenset()
    laender: frozenset[str] = frozenset()
    idempotenz: Idempotenz = Idempotenz.KEINE
    stufen: tuple[Stufe, ...] = (Stufe.UEBERGEBEN,)
    einstellungen: dict[Art, type[BaseModel]] = Field(default_factory=dict)
    gruppe: str = ""


class Kanal(Wert):
    """A configured source. ``einstellungen`` is the plugin's own validated settings model."""

    name: str
    plugin: str
    kennung: str = ""
    leistung: str = ""
    land: str = ""
    einstellungen: Any = None


class Ziel(Wert):
    """A configured target. ``einstellungen`` is the plugin's own validated settings model.

    ``stufen`` are the receipts it can give as configured (never more than the manifest says), ``gefragt`` whether it is
    asked for more after a hand-over, ``erwartet`` the seconds in which each stage is expected: ``uebergeben`` since the
    delivery began, the higher ones since the hand-over.
    """

    name: str
    plugin: str
    gleichzeitig: int = 1
    je_minute: int = 0
    stufen: tuple[Stufe, ...] = (Stufe.UEBERGEBEN,)
    gefragt: bool = False
    erwartet: dict[Stufe, int] = Field(default_factory=dict)
    einstellungen: Any = None
