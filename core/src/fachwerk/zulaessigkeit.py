"""What must hold before a person gives a case away, sends it back, or has it calculated once more.

Each function refuses with an :class:`EingriffError` that says what to do first; none changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk.eingriff import EingriffError
from fachwerk.errors import PermanentError
from fachwerk.inhalt import GELOESCHT
from fachwerk.modell import Teil, Vorgangstand
from fachwerk.tabellen import fallschluessel, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

IN_ARBEIT = (Vorgangstand.READY.value, Vorgangstand.RUNNING.value, Vorgangstand.WAITING.value)
BEENDET = (Vorgangstand.FORWARDED.value, Vorgangstand.RETURNED.value)
SCHADSOFTWARE = "schadsoftware"
_PRUEFUNGEN = ("virenpruefung", "virenpruefung_innen")


def nein(code: str, text: str) -> EingriffError:
    """The refusal."""
    return EingriffError(code, text)


def pruefe_ruhe(zeile: Any) -> None:
    """Nobody and nothing works on the case, and it has not gone another way already."""
    if zeile.status in IN_ARBEIT:
        raise nein(
            "vorgang_in_arbeit",
            f"Der Vorgang ist „{zeile.status}“: Er wird bearbeitet oder wartet auf ein Ziel. Bitte warten, bis er "
            "zugestellt ist oder gehalten wird.",
        )
    if zeile.status in BEENDET:
        raise nein("vorgang_beendet", f"Der Vorgang ist „{zeile.status}“ und damit hier beendet.")
    if zeile.doppelt_zu:
        text = f"Dieser Vorgang ist eine Doppelsendung; gemeint ist wohl der erste, {zeile.doppelt_zu[:12]}."
        raise nein("vorgang_doppelsendung", text)


def pruefe_inhalt(verbindung: sa.Connection, vorgang_id: str, *, sperre: bool = False) -> None:
    """The content is still there. With ``sperre`` it stays until the end of the transaction."""
    frage = sa.select(fallschluessel.c.vorgang_id).where(fallschluessel.c.vorgang_id == vorgang_id)
    if verbindung.execute(frage.with_for_update() if sperre else frage).first() is None:
        raise PermanentError("inhalt_geloescht", GELOESCHT)


def pruefe_ausgang(verbindung: sa.Connection, vorgang_id: str) -> None:
    """Nothing is under way of which nobody knows whether it arrives."""
    z = zustellung.c
    unklar = z.vorgang_id == vorgang_id, z.fassung > 0, sa.or_(z.absicht_von != "", z.status == "absicht")
    if (erste := verbindung.execute(sa.select(z.status).where(*unklar)).first()) is None:
        return
    if erste.status == "absicht":
        raise nein("zustellung_laeuft", "Eine Zustellung dieses Vorgangs läuft gerade. Bitte gleich noch einmal.")
    text = (
        "Ob die letzte Übergabe dieses Vorgangs ankam, ist noch nicht geklärt. Bitte zuerst klären („fachwerk vorgang "
        "retry“ oder „release“), sonst läge er womöglich bei zwei Stellen."
    )
    raise nein("ausgang_ungeklaert", text)


def pruefe_schadsoftware(store: Store, zeile: Any) -> None:
    """No scan has found anything that a later one did not take back."""
    letzte = {s.name: s.code for s in store.schritte(zeile.id) if s.name in _PRUEFUNGEN}
    if zeile.grund == SCHADSOFTWARE or SCHADSOFTWARE in letzte.values():
        text = (
            "In der Nachricht wurde Schadsoftware gemeldet. Sie wird nicht geöffnet und an niemanden weitergegeben; "
            "sie kann nur zurückgegeben werden (ein Schreiben ohne den Inhalt)."
        )
        raise nein("vorgang_schadsoftware", text)


def pruefe_viren(betrieb: Betrieb, zeile: Any, teile: Iterable[Teil]) -> None:
    """Nothing leaves or is read unchecked; a case held at receipt has not been scanned yet."""
    pruefe_schadsoftware(betrieb.store, zeile)
    if betrieb.pruefer is None or betrieb.store.ist_getan(zeile.id, _PRUEFUNGEN[0], zeile.lauf):
        return
    if any(betrieb.pruefer.pruefe(teil.bytes_strom()) is not None for teil in teile):
        raise nein(
            "vorgang_schadsoftware",
            "Die Virenprüfung hat gerade Schadsoftware gemeldet. Die Nachricht wird nicht geöffnet und an niemanden "
            "weitergegeben; bitte die IT-Sicherheit einschalten.",
        )
