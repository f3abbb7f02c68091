"""The hand-over itself is that of COM Vibilia's folders; here is only which folders, and their check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fachwerk.errors import FachwerkError
from fachwerk.modell import Befund, Kanal, Schwere, Ziel
from fachwerk_comvibilia.pruefung import pruefe_uebergabe
from fachwerk_comvibilia.uebergabe import Uebergabe
from fachwerk_laemmerzahl.mapping import MITGELIEFERT
from fachwerk_laemmerzahl.settings import Zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host


def uebergabe(ziel: Ziel, schluessel: str, host: Host) -> Uebergabe:
    """The delivery by the way that was checked at the start. Raises ``ConfigError`` without one."""
    werte = einstellungen(ziel)
    return Uebergabe(ziel.name, werte.weg, werte.layout(host.ordner), schluessel, host)


def pruefe(ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """The folders, and whether the layout is still the shipped assumption."""
    if not isinstance(ziel, Ziel):
        return []
    werte = einstellungen(ziel)
    try:
        befunde = list(pruefe_uebergabe(werte.weg, werte.layout(host.ordner), host))
        if werte.layout(host.ordner).name == MITGELIEFERT:
            befunde.append(_unbestaetigt())
    except FachwerkError as fehler:
        return [Befund(code=fehler.code, schwere=Schwere.FEHLER, text=fehler.hint)]
    return befunde


def einstellungen(ziel: Ziel) -> Zieleinstellungen:
    """The keys of ``ziel``; what the start found out about the way stays with them."""
    werte = ziel.einstellungen
    return werte if isinstance(werte, Zieleinstellungen) else Zieleinstellungen.model_validate(werte)


def _unbestaetigt() -> Befund:
    text = (
        "Das mitgelieferte Layout für Lämmerzahl ist eine Annahme. Bitte die Prüfliste in der README des Plugins mit "
        "Lämmerzahl und Governikus durchgehen und ein eigenes Layoutprofil (Schlüssel profil) eintragen."
    )
    return Befund(code="laemmerzahl.layout_unbestaetigt", schwere=Schwere.WARNUNG, text=text)
