"""What a person adds to a case: look at what it would lead to, then make a new Fassung, all or nothing.

The facts and where they come from are content of the case; the audit says who and when. The line then runs on from
``decide`` with the Antrag of the original message. :func:`probiere` is pure but for reading; :func:`uebernimm` is the
one commit that begins the new Fassung. Command and console both call these two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm, ergaenzung, line, pipeline
from fachwerk.abruf import auftrag_id
from fachwerk.eingriff import EingriffError
from fachwerk.errors import ContractError, PermanentError
from fachwerk.fassung import SCHRITT, gespeicherte, grundlage
from fachwerk.inhalt import GELOESCHT
from fachwerk.modell import Aenderung, Antrag, Befund, Eingang, Entscheidung, Ergaenzung, Vorgangstand
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import fallschluessel, zustellung
from fachwerk.zustellstand import ersetze_offene

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

UNLESBAR = "fall_unlesbar"
HOECHSTENS_BYTES = 64 * 1024
_TIEFE, _WERTE = 12, 5000
_BEENDET = (Vorgangstand.FORWARDED.value, Vorgangstand.RETURNED.value)


@dataclass(frozen=True)
class Vorschau:
    """What a supplement would lead to; ``lauf`` is the branch of the journal it was looked at in."""

    vorgang_id: str
    lauf: int
    ergaenzung: Ergaenzung
    antrag: Antrag
    entscheidung: Entscheidung


# -- the file ---------------------------------------------------------------------------------------------------------


def lies_angaben(roh: bytes) -> dict[str, Any]:
    """The facts of a file as plain JSON values. Raises ``EingriffError`` that never repeats a value."""
    from fachwerk.parameter import lies_yaml

    if len(roh) > HOECHSTENS_BYTES:
        raise _nein("datei_zu_gross", "Die Falldatei ist größer als 64 KiB. Es gehören nur Angaben hinein.")
    try:
        gelesen = lies_yaml(roh.decode("utf-8-sig"), "Falldatei")
    except UnicodeDecodeError:
        raise _nein("datei_unlesbar", "Die Falldatei ist nicht in UTF-8 gespeichert. Bitte neu speichern.") from None
    except ContractError as fehler:
        raise _nein("datei_unlesbar", fehler.hint) from None
    except RecursionError:
        raise _verschachtelt() from None
    if not isinstance(gelesen, Mapping) or not gelesen:
        text = "Die Falldatei enthält keine Angaben. Erwartet werden Zeilen wie „ehe_seit: 2023-06-01“."
        raise _nein("datei_leer", text)
    angaben: dict[str, Any] = _einfach(gelesen, _TIEFE, [_WERTE])
    return angaben


def _einfach(wert: Any, tiefe: int, rest: list[int]) -> Any:
    """JSON values only: whole numbers stay numbers, others become exact text, days ISO text."""
    rest[0] -= 1
    if tiefe == 0 or rest[0] < 0:
        raise _verschachtelt()
    if isinstance(wert, Mapping):
        if not all(isinstance(schluessel, str) for schluessel in wert):
            raise _nein("datei_unlesbar", "In der Falldatei ist ein Feldname keine Zeichenfolge. Bitte berichtigen.")
        return {schluessel: _einfach(unten, tiefe - 1, rest) for schluessel, unten in wert.items()}
    if isinstance(wert, list | tuple):
        return [_einfach(unten, tiefe - 1, rest) for unten in wert]
    if isinstance(wert, Decimal):
        return (
            int(wert) if wert.is_finite() and wert == wert.to_integral_value() and wert.adjusted() < 30 else f"{wert}"
        )
    return wert.isoformat() if isinstance(wert, date) else wert


def _verschachtelt() -> EingriffError:
    return _nein("datei_unlesbar", "Die Falldatei ist zu tief verschachtelt oder hat zu viele Angaben.")


# -- looking ----------------------------------------------------------------------------------------------------------


def probiere(
    betrieb: Betrieb,
    vorgang_id: str,
    angaben: Mapping[str, Any],
    *,
    wer: str,
    woher: str = "",
    bestaetigt: bool = False,
) -> Vorschau:
    """What would be recommended with ``angaben``; nothing is stored.

    ``bestaetigt``: the person compared the whole mapped case with the original. Raises ``LookupError`` for an unknown
    case, ``EingriffError`` for what cannot work, ``NeedsHumanError`` where it is not certain who is meant.
    """
    if not angaben and not bestaetigt:
        raise _nein("ergaenzung_leer", "Es ist nichts zu ergänzen: Bitte eine Falldatei oder --bestaetigt angeben.")
    zeile = betrieb.store.vorgang(vorgang_id)
    with betrieb.store.lesend() as verbindung:
        _pruefe_stand(betrieb, verbindung, zeile)
    antrag, befunde = grundlage(betrieb, vorgang_id) or _ungelesen(zeile)
    neu = Ergaenzung(
        wer=wer,
        zeit=datetime.now(UTC),
        woher=woher,
        angaben=dict(angaben),
        bestaetigt=ergaenzung.fingerabdruck(antrag) if bestaetigt else "",
    )
    bisher = ergaenzung.ergaenze(antrag, gespeicherte(betrieb.store, vorgang_id))
    _pruefe_entfernte(bisher, neu)
    danach = ergaenzung.ergaenze(antrag, (*gespeicherte(betrieb.store, vorgang_id), neu))
    tag = line.stichtag(_eingang(betrieb.store, vorgang_id))
    entscheidung = _entscheide(betrieb, danach, befunde, tag)
    _pruefe_lesbar(_entscheide(betrieb, bisher, befunde, tag), entscheidung)
    return Vorschau(vorgang_id, zeile.lauf, neu, danach, entscheidung)


def _eingang(store: Store, vorgang_id: str) -> Eingang:
    return store.lies_wert(Eingang, store.ausgabe(vorgang_id, "receive") or "")


def _entscheide(betrieb: Betrieb, antrag: Antrag, befunde: tuple[Befund, ...], tag: date) -> Entscheidung:
    return pipeline.merge(pipeline.decide(betrieb.plugins, antrag, befunde, tag), befunde, tag)


def _ungelesen(zeile: Any) -> tuple[Antrag, tuple[Befund, ...]]:
    if zeile.status in (Vorgangstand.READY.value, Vorgangstand.RUNNING.value):
        raise _nein("noch_in_arbeit", "Der Vorgang wird gerade zum ersten Mal bearbeitet. Bitte gleich noch einmal.")
    text = (
        f"Die Nachricht ist noch nicht gelesen ({zeile.grund}); ergänzt wird nur, was gelesen wurde. Bitte zuerst den "
        "Haltegrund beheben („fachwerk vorgang show“)."
    )
    raise _nein("ergaenzung_ohne_antrag", text)


def _pruefe_entfernte(bisher: Antrag, neu: Ergaenzung) -> None:
    """Taking out somebody who is not there is a mistyped name."""
    mitglieder = (bisher.fall or {}).get(ergaenzung.HAUSHALT) or ()
    anzahl = sum(eintrag.get(ergaenzung.ENTFERNEN) is True for eintrag in _eintraege(neu.angaben))
    danach, _ = ergaenzung.verschmelze(bisher.fall or {}, {ergaenzung.HAUSHALT: _nur_entfernte(neu.angaben)})
    if len(danach[ergaenzung.HAUSHALT]) != len(mitglieder) - anzahl:
        text = "Eine Person mit „entfernen: true“ gibt es in diesem Vorgang nicht. Bitte die Schreibweise prüfen."
        raise _nein("ergaenzung_person_fehlt", text)


def _nur_entfernte(angaben: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [eintrag for eintrag in _eintraege(angaben) if eintrag.get(ergaenzung.ENTFERNEN) is True]


def _eintraege(angaben: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    haushalt = angaben.get(ergaenzung.HAUSHALT)
    return [eintrag for eintrag in haushalt if isinstance(eintrag, Mapping)] if isinstance(haushalt, list) else []


def _pruefe_lesbar(vorher: Entscheidung, nachher: Entscheidung) -> None:
    """Refuse what makes more of the case file unreadable; the rules name paths, not values, in words of their own."""
    bekannt = {wort for text in _unlesbar(vorher) for wort in _worte(text)}
    if neue := {text for text in _unlesbar(nachher) if not bekannt.issuperset(_worte(text))}:
        liste = "\n".join(f"  {text}" for text in sorted(neue))
        raise _nein("ergaenzung_unlesbar", f"So wäre der Fall nicht auswertbar; nichts wurde geändert:\n{liste}")


def _worte(text: str) -> list[str]:
    return text.replace(",", " ").replace(". ", " ").split()


def _unlesbar(entscheidung: Entscheidung) -> set[str]:
    return {punkt.text for punkt in entscheidung.offen if punkt.code.rpartition(".")[2] == UNLESBAR}


def vorschautext(vorschau: Vorschau) -> str:
    """For a person at a terminal: which fields change and what would be recommended; no values."""
    aenderungen = vorschau.antrag.ergaenzungen[-1].aenderungen
    zeilen = [f"  {_art(a):<10} {a.pfad}" for a in aenderungen]
    if vorschau.ergaenzung.bestaetigt:
        zeilen.append("  bestätigt  alle gelesenen Angaben")
    offen = vorschau.entscheidung.offen
    zeilen += ["Empfehlung danach: " + vorschau.entscheidung.empfehlung.value]
    zeilen += [f"Offene Punkte: {len(offen)}", *(f"  {punkt.text}" for punkt in offen)] if offen else []
    return "\n".join(["Angaben:", *zeilen])


def _art(aenderung: Aenderung) -> str:
    if aenderung.vorher == aenderung.nachher:
        return "bestätigt"
    if aenderung.nachher is None:
        return "gestrichen"
    return "neu" if aenderung.vorher is None else "ersetzt"


# -- the commit -------------------------------------------------------------------------------------------------------


def uebernimm(betrieb: Betrieb, vorschau: Vorschau) -> int:
    """Begin the new Fassung with what ``vorschau`` showed; its number.

    Raises ``EingriffError`` if the case went another way since it was looked at.
    """
    store, neu = betrieb.store, vorschau.ergaenzung
    with store.transaktion("ergaenzt") as verbindung:
        zeile = store.sperre(verbindung, vorschau.vorgang_id)
        if zeile is None:
            raise LookupError(vorschau.vorgang_id)
        if zeile.lauf != vorschau.lauf:
            raise _nein(
                "zwischendurch_geaendert", "Der Vorgang hat sich inzwischen geändert. Bitte noch einmal ansehen."
            )
        _pruefe_stand(betrieb, verbindung, zeile, sperre=True)
        ersetze_offene(verbindung, zeile.id)
        fassung, lauf = zeile.fassung + 1, zeile.lauf + 1
        store.aendere(verbindung, zeile.id, status=Vorgangstand.READY.value, fassung=fassung, lauf=lauf, **_OFFEN)
        store.schreibe_schritt(verbindung, zeile.id, lauf, Schrittangabe(SCHRITT, neu.zeit), neu)
        store.vermerke(verbindung, zeile.id, neu.wer, "ergaenzt", zeile.grund, neu.woher or None)
        alarm.behebe(verbindung, alarm.des_vorgangs(zeile.id))
        betrieb.auftraege.reihe_ein(verbindung, "bearbeite", "linie", auftrag_id(zeile.id, lauf), zeile.id)
    betrieb.melde_schritt(vorschau.vorgang_id, SCHRITT)
    return int(fassung)


_OFFEN: dict[str, Any] = {"grund": "", "hinweis": "", "gehalten_fuer": "", "wartet_bis": None}


def _pruefe_stand(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any, *, sperre: bool = False) -> None:
    if zeile.status in _BEENDET:
        text = f"Der Vorgang ist „{zeile.status}“: Er liegt bei einer anderen Stelle und wird hier nicht ergänzt."
        raise _nein("vorgang_beendet", text)
    if zeile.doppelt_zu:
        text = f"Dieser Vorgang ist eine Doppelsendung. Bitte den ersten ergänzen: {zeile.doppelt_zu[:12]}."
        raise _nein("ergaenzung_doppelsendung", text)
    if zeile.grund == "schadsoftware":
        raise _nein(
            "ergaenzung_schadsoftware", "In der Nachricht wurde Schadsoftware gemeldet; sie läuft nicht weiter."
        )
    frage = sa.select(fallschluessel.c.vorgang_id).where(fallschluessel.c.vorgang_id == zeile.id)
    if verbindung.execute(frage.with_for_update() if sperre else frage).first() is None:
        raise PermanentError("inhalt_geloescht", GELOESCHT)
    _pruefe_zustellungen(verbindung, zeile)


def _pruefe_zustellungen(verbindung: sa.Connection, zeile: Any) -> None:
    """Nothing may be under way of which nobody knows whether it arrives."""
    z = zustellung.c
    unklar = sa.select(z.status).where(
        z.vorgang_id == zeile.id, z.fassung > 0, sa.or_(z.absicht_von != "", z.status == "absicht")
    )
    if (erste := verbindung.execute(unklar).first()) is None:
        return
    if erste.status == "absicht":
        raise _nein("zustellung_laeuft", "Eine Zustellung dieses Vorgangs läuft gerade. Bitte gleich noch einmal.")
    text = (
        "Ob die letzte Übergabe dieses Vorgangs ankam, ist noch nicht geklärt. Bitte zuerst klären („fachwerk vorgang "
        "retry“ oder „release“), dann ergänzen."
    )
    raise _nein("ergaenzung_ausgang_unbekannt", text)


def _nein(code: str, text: str) -> EingriffError:
    return EingriffError(code, text)
