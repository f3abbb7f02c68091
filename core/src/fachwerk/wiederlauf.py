"""Calculate a case once more with today's plugins, deliver nothing, and say what would be different.

The pure part of the line on the stored message, with the facts people have added and the day of receipt: the same
plugins give the same result. The stored run is what the journal holds last of each step. Differences name paths and
codes; values of the application are there too, but shown only to whoever asks for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import ergaenzung, fassung, katalog, line, pipeline
from fachwerk.errors import FachwerkError
from fachwerk.modell import Anlage, Antrag, Befund, Eingang, Entscheidung, Sendung, Vorgangstand
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import schritt, zustellung
from fachwerk.versiegeln import rendere
from fachwerk.zulaessigkeit import nein, pruefe_inhalt, pruefe_viren

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

SCHRITT = "replay"
_SCHRITTE = ("map", "land", "validate", "ergaenzt", "decide", "merge")
"""Steps that are calculated; a case may have been held at one of them."""


@dataclass
class Lauf:
    """One run as far as it came; ``gehalten`` is the code it stopped with, ``plugins`` the versions that took part."""

    plugins: dict[str, str] = field(default_factory=dict)
    antrag: Antrag | None = None
    befunde: tuple[Befund, ...] = ()
    entscheidung: Entscheidung | None = None
    gehalten: str = ""
    sendungen: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Unterschied:
    """One difference: in which part, at which path, and the two values (None: not there)."""

    teil: str
    pfad: str
    vorher: str | None
    nachher: str | None


@dataclass(frozen=True)
class Vergleich:
    """The stored run beside today's; empty ``unterschiede``: the same result."""

    vorgang_id: str
    damals: Lauf
    heute: Lauf
    unterschiede: tuple[Unterschied, ...]


def vergleiche(betrieb: Betrieb, vorgang_id: str) -> Vergleich:
    """Calculate and compare; nothing is stored.

    Raises ``LookupError`` for an unknown case, ``EingriffError`` for one that was never calculated or holds malware,
    ``PermanentError`` (``inhalt_geloescht``) once its content is gone.
    """
    zeile = betrieb.store.vorgang(vorgang_id)
    if zeile.status == Vorgangstand.READY:
        raise nein("noch_in_arbeit", "Der Vorgang wird gerade zum ersten Mal bearbeitet. Bitte gleich noch einmal.")
    with betrieb.store.lesend() as verbindung:
        pruefe_inhalt(verbindung, vorgang_id)
    eingang = betrieb.store.lies_wert(Eingang, betrieb.store.ausgabe(vorgang_id, "receive") or "")
    pruefe_viren(betrieb, zeile, eingang.teile)
    damals = _damals(betrieb.store, zeile)
    heute = _heute(betrieb, zeile, eingang, damals)
    return Vergleich(vorgang_id, damals, heute, tuple(_unterschiede(damals, heute)))


def vermerke(betrieb: Betrieb, vergleich: Vergleich, wer: str) -> None:
    """Journal today's run as ``replay`` and audit who wanted it; the case stays as it is."""
    store, heute = betrieb.store, vergleich.heute
    with store.transaktion("replay") as verbindung:
        zeile = store.sperre(verbindung, vergleich.vorgang_id)
        pruefe_inhalt(verbindung, zeile.id, sperre=True)
        bisher = schritt.c.vorgang_id == zeile.id, schritt.c.lauf == zeile.lauf, schritt.c.name == SCHRITT
        anzahl = verbindung.execute(sa.select(sa.func.count()).select_from(schritt).where(*bisher)).scalar_one()
        angabe = Schrittangabe(SCHRITT, datetime.now(UTC), versuch=anzahl + 1, code=heute.gehalten)
        store.schreibe_schritt(verbindung, zeile.id, zeile.lauf, angabe, heute.entscheidung)
        store.vermerke(verbindung, zeile.id, wer, SCHRITT, "abweichend" if vergleich.unterschiede else "gleich")
    betrieb.melde_schritt(vergleich.vorgang_id, SCHRITT)


# -- the two runs -----------------------------------------------------------------------------------------------------


def _damals(store: Store, zeile: Any) -> Lauf:
    """The last run of the line, as the journal holds it."""
    schritte = _letzter_lauf(store.schritte(zeile.id))
    ausgaben = {name: s.ausgabe for name, s in schritte.items() if s.ausgabe and not s.code}
    lauf = Lauf(gehalten=next((s.code for s in schritte.values() if s.code), ""))
    for name in ("map", "decide"):
        if name in schritte:
            versionen = zip(schritte[name].plugin.split(), schritte[name].plugin_version.split(), strict=False)
            lauf.plugins |= dict(versionen)
    if gelesen := ausgaben.get("ergaenzt", ausgaben.get("map")):
        lauf.antrag = store.lies_wert(Antrag, gelesen)
    if "validate" in ausgaben:
        lauf.befunde = store.lies_liste(Befund, ausgaben["validate"])
    if "merge" in ausgaben:
        lauf.entscheidung = store.lies_wert(Entscheidung, ausgaben["merge"])
    lauf.sendungen = {ziel: _abdruck(store.lies_wert(Sendung, teil)) for ziel, teil in _gesendet(store, zeile)}
    return lauf


def _letzter_lauf(schritte: Sequence[Any]) -> dict[str, Any]:
    """By name the steps of the newest branch that calculated; one that began with a supplement read nothing anew."""
    gerechnet = [s for s in schritte if s.name in _SCHRITTE]
    nummer = gerechnet[-1].lauf if gerechnet else 0
    ergaenzt = any(s.lauf == nummer and s.name == fassung.SCHRITT for s in schritte)
    frueher = [s for s in gerechnet if ergaenzt and s.name in ("map", "validate") and not s.code]
    return {s.name: s for s in [*frueher, *(s for s in gerechnet if s.lauf == nummer)]}


def _gesendet(store: Store, zeile: Any) -> list[tuple[str, str]]:
    """Ziel and Sendung of the last Fassung that the line rendered: not of a forward, which is no result of rules."""
    s, z = schritt.c, zustellung.c
    gerendert = sa.select(s.ausgabe).where(s.vorgang_id == zeile.id, s.name == "render", s.code == "")
    frage = sa.select(z.ziel, z.sendung, z.fassung).where(z.vorgang_id == zeile.id, z.sendung.in_(gerendert))
    with store.lesend() as verbindung:
        zeilen = list(verbindung.execute(frage))
    letzte = max((zeile.fassung for zeile in zeilen), default=0)
    return [(zeile.ziel, zeile.sendung) for zeile in zeilen if zeile.fassung == letzte]


def _heute(betrieb: Betrieb, zeile: Any, eingang: Eingang, damals: Lauf) -> Lauf:
    lauf = Lauf()
    try:
        _rechne(betrieb, eingang, zeile, lauf)
    except FachwerkError as fehler:
        lauf.gehalten = fehler.code
    if lauf.entscheidung is not None:
        lauf.sendungen = {ziel: _rendere(betrieb, zeile, lauf, ziel) for ziel in damals.sendungen}
    return lauf


def _rechne(betrieb: Betrieb, eingang: Eingang, zeile: Any, lauf: Lauf) -> None:
    """Fill ``lauf`` step by step, so that what was understood before an error stays to be compared."""
    plugins, tag = betrieb.plugins, line.stichtag(eingang)
    name = pipeline.waehle_format(plugins, eingang)
    lauf.plugins[name] = plugins.version(name)
    antrag = pipeline.bestaetige(pipeline.map_eingang(plugins, eingang), betrieb.bestaetigt(name))
    land = katalog.land_des_falls(eingang.kanal_land, antrag.leser or eingang.kanal_kennung, betrieb.land)
    lauf.antrag = antrag = antrag.model_copy(update={"land": land})
    if not land:
        lauf.gehalten = "land_unbekannt"
        return
    lauf.befunde = befunde = pipeline.validate(plugins, antrag, tag)
    if ergaenzungen := fassung.gespeicherte(betrieb.store, zeile.id):
        lauf.antrag = antrag = ergaenzung.ergaenze(antrag, ergaenzungen)
    voten = pipeline.decide(plugins, antrag, befunde, tag)
    lauf.plugins |= {votum.quelle: plugins.version(votum.quelle) for votum in voten}
    lauf.entscheidung = pipeline.merge(voten, befunde, tag)


def _rendere(betrieb: Betrieb, zeile: Any, lauf: Lauf, name: str) -> dict[str, str]:
    """The files for a Ziel with their checksums; a single entry with the code where it cannot be rendered today."""
    ziel = betrieb.ziele.get(name)
    if ziel is None or lauf.antrag is None or lauf.entscheidung is None:
        return {"ziel_fehlt": "-"}
    try:
        return _abdruck(rendere(betrieb, lauf.antrag, lauf.entscheidung, ziel, zeile.kanal))
    except FachwerkError as fehler:
        return {fehler.code: "-"}


def _abdruck(sendung: Sendung) -> dict[str, str]:
    return {anlage.pfad: _summe(anlage) for anlage in sendung.anlagen}


def _summe(anlage: Anlage) -> str:
    if anlage.teil.sha256:
        return anlage.teil.sha256
    summe = hashlib.sha256()
    for stueck in anlage.teil.bytes_strom():
        summe.update(stueck)
    return summe.hexdigest()


# -- what is different ------------------------------------------------------------------------------------------------


def _unterschiede(damals: Lauf, heute: Lauf) -> Iterator[Unterschied]:
    yield from _zwischen("plugin", damals.plugins, heute.plugins)
    yield from _zwischen("ablauf", _ablauf(damals), _ablauf(heute))
    yield from _zwischen("angabe", _angaben(damals.antrag), _angaben(heute.antrag))
    yield from _zwischen("befund", _befunde(damals.befunde), _befunde(heute.befunde))
    yield from _zwischen("ergebnis", _ergebnis(damals.entscheidung), _ergebnis(heute.entscheidung))
    if heute.entscheidung is not None:
        for ziel in damals.sendungen:
            yield from _zwischen(f"sendung {ziel}", damals.sendungen[ziel], heute.sendungen[ziel])


def _zwischen(teil: str, damals: Mapping[str, str], heute: Mapping[str, str]) -> Iterator[Unterschied]:
    for pfad in sorted({*damals, *heute}):
        if damals.get(pfad) != heute.get(pfad):
            yield Unterschied(teil, pfad, damals.get(pfad), heute.get(pfad))


def _ablauf(lauf: Lauf) -> dict[str, str]:
    """Codes only: these may be shown to everybody."""
    entscheidung = lauf.entscheidung
    werte = {"gehalten": lauf.gehalten}
    if entscheidung is not None:
        werte |= {"empfehlung": entscheidung.empfehlung.value, "dringlichkeit": entscheidung.dringlichkeit.value}
        werte |= {"einig": "ja" if entscheidung.einig else "nein"}
        werte |= {"frist": entscheidung.frist.isoformat() if entscheidung.frist else ""}
    return {name: wert for name, wert in werte.items() if wert}


def _angaben(antrag: Antrag | None) -> dict[str, str]:
    """Every fact of the application; what its parts are called in the store is none."""
    if antrag is None:
        return {}
    ohne = {"befunde": True, "original": True, "anlagen": True, "ergaenzungen": True}
    return dict(_flach(antrag.model_dump(mode="json", exclude={**ohne, "dokumente": {"__all__": {"teil"}}})))


def _befunde(befunde: Sequence[Befund]) -> dict[str, str]:
    return _nummeriert((f"{b.quelle}:{b.code}:{b.pfad}", f"{b.schwere.value}: {b.text}") for b in befunde)


def _ergebnis(entscheidung: Entscheidung | None) -> dict[str, str]:
    """Open points and every figure, by the rules that gave them."""
    if entscheidung is None:
        return {}
    werte = _nummeriert((f"offen:{punkt.code}", punkt.text) for punkt in entscheidung.offen)
    for votum in entscheidung.voten:
        schritte = ((f"{votum.quelle}:{s.name}", f"{s.wert} ({s.fundstelle})") for s in votum.begruendung)
        werte |= _nummeriert(schritte)
        werte |= dict(_flach(votum.ergebnis or {}, f"{votum.quelle}:ergebnis"))
    return werte


def _nummeriert(paare: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Equal names get a number, so that none hides another."""
    werte: dict[str, str] = {}
    for name, wert in paare:
        nummer = 1
        while (eigener := name if nummer == 1 else f"{name}#{nummer}") in werte:
            nummer += 1
        werte[eigener] = wert
    return werte


def _flach(wert: Any, pfad: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf with its dotted path; empty ones say nothing."""
    paare = wert.items() if isinstance(wert, Mapping) else enumerate(wert) if isinstance(wert, list | tuple) else ()
    if isinstance(wert, Mapping | list | tuple):
        for name, unten in paare:
            yield from _flach(unten, f"{pfad}.{name}" if pfad else str(name))
    elif wert not in (None, ""):
        yield pfad, str(wert)
