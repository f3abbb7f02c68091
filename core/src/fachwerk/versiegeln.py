"""Between render and deliver: make the drafts, store what will be sent, and begin the delivery."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk import altbestand, erwartung, pipeline
from fachwerk.errors import ContractError, FachwerkError, NeedsHumanError
from fachwerk.modell import Anlage, Antrag, Entscheidung, GehaltenFuer, Sendung, Teil, Ziel
from fachwerk.stuecke import Neuteil
from fachwerk.tabellen import zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

_NEUE_ZUSTELLUNG = zustellung.insert()


def rendere(betrieb: Betrieb, antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel, kanal: str) -> Sendung:
    """The Sendung with all drafts made, before any transaction begins, so that nobody waits for a PDF.

    ``kanal`` is the one the case came by. Raises ``NeedsHumanError`` where the Ziel takes no cases of it.
    """
    _pruefe_kanal(ziel, kanal)
    sendung = pipeline.render(betrieb.plugins, antrag, entscheidung, ziel)
    fertige = tuple(_ausgefuehrt(ziel.plugin, anlage) for anlage in sendung.anlagen)
    return sendung.model_copy(update={"anlagen": fertige})


def _pruefe_kanal(ziel: Ziel, kanal: str) -> None:
    """The start looks at the routes; a case may still come from a Kanal that is gone, or be sent by hand."""
    pruefe = getattr(ziel.einstellungen, "aus_kanal", None)
    try:
        if pruefe is not None:
            pruefe(kanal)
    except ValueError as fehler:
        raise NeedsHumanError("ziel_kanal", str(fehler), {"ziel": ziel.name}, fuer=GehaltenFuer.BETRIEB) from None


def versiegle(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, sendung: Sendung) -> Sendung:
    """Store what the target's plugin made, so that exactly this is sent, also after a crash."""
    gemachte = [anlage.teil for anlage in sendung.anlagen if anlage.teil.ist_entwurf]
    neue = [Neuteil(b"".join(teil.bytes_strom()), teil.name, teil.medientyp, teil.beschreibung) for teil in gemachte]
    versiegelte = iter(betrieb.store.inhalt.schreibe_alle(verbindung, vorgang_id, neue))
    anlagen = tuple(
        Anlage(pfad=anlage.pfad, teil=next(versiegelte) if anlage.teil.ist_entwurf else anlage.teil)
        for anlage in sendung.anlagen
    )
    return sendung.model_copy(update={"anlagen": anlagen})


def beginne_zustellung(
    betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, ziel_name: str, fassung: int, ausgabe: str | None
) -> None:
    """The delivery of a sealed Sendung (``ausgabe`` is its journalled value) and its first job."""
    werte = {
        "vorgang_id": vorgang_id,
        "ziel": ziel_name,
        "fassung": fassung,
        "plugin": betrieb.ziele[ziel_name].plugin,
        "status": "offen",
        "absicht_von": altbestand.zeichen(verbindung, vorgang_id),
        "sendung": ausgabe,
        "seit": datetime.now(UTC),
        **erwartung.der_uebergabe(betrieb, ziel_name),
    }
    verbindung.execute(_NEUE_ZUSTELLUNG, werte)
    betrieb.reihe_zustellung_ein(verbindung, vorgang_id, ziel_name, fassung, 1)


def _ausgefuehrt(plugin: str, anlage: Anlage) -> Anlage:
    teil = anlage.teil
    if not teil.ist_entwurf:
        return anlage
    try:
        inhalt = b"".join(teil.bytes_strom())
    except (FachwerkError, sa.exc.DBAPIError):
        raise
    except Exception as ausnahme:
        klasse = type(ausnahme).__name__
    else:
        fertig = Teil.entwurf(teil.name, teil.medientyp, lambda: [inhalt], teil.beschreibung)
        return Anlage(pfad=anlage.pfad, teil=fertig)
    raise ContractError(  # outside of the except block, so that no cause with content hangs on it
        "plugin_ausnahme",
        f"Das Plugin „{plugin}“ ist beim Herstellen einer Anlage an {klasse} gescheitert; an dessen Pflege melden.",
        {"plugin": plugin, "hook": "render", "ausnahme": klasse},
    )
