"""From a configured Ziel to its way: reads profile and facts, and lets the folder or the SOAP way do the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fachwerk.errors import ConfigError, NeedsHumanError, PermanentError
from fachwerk.modell import GehaltenFuer, Quittung, Sendung, Ziel
from fachwerk_prosoz.mapping import ANGABEN
from fachwerk_prosoz.merk import Merk
from fachwerk_prosoz.profil import Ablageprofil, Profil, lade
from fachwerk_prosoz.settings import zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host
    from fachwerk_prosoz.ablage import Ablage
    from fachwerk_prosoz.soapweg import Soapweg

_GROESSTE_ANGABEN = 64 * 1024 * 1024


def liefere(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Hand over once. What already lies there under this key is found, never written a second time."""
    werte = angaben(sendung, schluessel)
    return _weg(ziel, schluessel, host).liefere(sendung, werte)


def finde(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """What became of this key; None only if it certainly was not handed over, or a repetition does no harm."""
    return _weg(ziel, schluessel, host).finde()


def _weg(ziel: Ziel, schluessel: str, host: Host) -> Ablage | Soapweg:
    from fachwerk_prosoz.ablage import Ablage
    from fachwerk_prosoz.soapweg import Soapweg

    werte = zieleinstellungen(ziel)
    merk = Merk(ziel, schluessel, host)
    profil = profil_von(ziel, host)
    return Ablage(werte, profil, merk) if isinstance(profil, Ablageprofil) else Soapweg(werte, profil, merk)


def profil_von(ziel: Ziel, host: Host) -> Profil:
    """The profile of ``ziel``; one that cannot be read stops the route, not the case."""
    werte = zieleinstellungen(ziel)
    try:
        return lade(werte.profil, werte.weg, host.ordner)
    except ConfigError as fehler:
        raise NeedsHumanError(fehler.code, fehler.hint, fuer=GehaltenFuer.BETRIEB, routenfehler=True) from None


def angaben(sendung: Sendung, schluessel: str) -> dict[str, Any]:
    """The facts of a Sendung, with those of this delivery."""
    teil = next((anlage.teil for anlage in sendung.anlagen if anlage.pfad == ANGABEN), None)
    if teil is None or (teil.laenge or 0) > _GROESSTE_ANGABEN:
        text = "Die Sendung wurde nicht für das Plugin prosoz gemacht. Bitte mit der Vorgangsnummer melden."
        raise PermanentError("prosoz.sendung_fremd", text)
    werte: dict[str, Any] = json.loads(b"".join(teil.bytes_strom()))
    vorgang, _, rest = schluessel.partition(":")
    werte["lieferung"] = {"schluessel": schluessel, "vorgang": vorgang, "fassung": rest.rpartition(":")[2]}
    return werte
