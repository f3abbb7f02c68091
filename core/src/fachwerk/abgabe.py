"""Give a case to the competent body: the original as it came, with a letter that states when it came first.

A forward is a Fassung of its own with one delivery, to the Ziel a person named; so it is stored before it is sent,
delivered once, asked about and held like every other, and the case is ``forwarded`` only after the Quittung. What goes
out is the message, not what Fachwerk made of it: supplements and the pre-check stay here (SGB I § 16 Abs. 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm, line, routenstand
from fachwerk.klaerung import UNBEKANNT, waehle_original
from fachwerk.modell import (
    Antrag,
    Eingang,
    Empfehlung,
    Entscheidung,
    OffenerPunkt,
    Sendung,
    Teil,
    Vorgangstand,
    Ziel,
    utc,
)
from fachwerk.routen import Zustand
from fachwerk.store import Schrittangabe
from fachwerk.versiegeln import beginne_zustellung, rendere, versiegle
from fachwerk.zulaessigkeit import nein, pruefe_ausgang, pruefe_inhalt, pruefe_ruhe, pruefe_viren
from fachwerk.zustellstand import ABGABE, ersetze_offene

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

NACHRICHT = "abgabenachricht.txt"
_TYP = "text/plain"
_OHNE_GRUND = "ohne_haltegrund"


@dataclass(frozen=True)
class Vorbereitet:
    """A forward that is rendered but not yet begun; ``nachricht`` is its letter, ``lauf`` the branch it was made in."""

    vorgang_id: str
    lauf: int
    ziel: Ziel
    sendung: Sendung
    nachricht: str
    wer: str
    grund: str
    begonnen: datetime


def bereite_vor(betrieb: Betrieb, vorgang_id: str, ziel: str, *, wer: str, grund: str) -> Vorbereitet:
    """What would go to ``ziel``; nothing is stored.

    Raises ``LookupError`` for an unknown case, ``EingriffError`` for what must not or cannot be given away,
    ``NeedsHumanError`` (``ziel_kanal``) where the Ziel takes no cases of this Kanal.
    """
    begonnen, zeile = datetime.now(UTC), betrieb.store.vorgang(vorgang_id)
    if not grund.strip():
        raise nein("abgabe_ohne_grund", "Bitte sagen, warum abgegeben wird; die andere Stelle liest es.")
    empfaenger = _ziel(betrieb, zeile, ziel)
    with betrieb.store.lesend() as verbindung:
        _pruefe(verbindung, zeile)
    eingang = betrieb.store.lies_wert(Eingang, betrieb.store.ausgabe(vorgang_id, "receive") or "")
    pruefe_viren(betrieb, zeile, eingang.teile)
    text = abgabenachricht(betrieb, zeile, eingang, ziel, grund, begonnen)
    antrag = _original(betrieb, zeile, eingang, text)
    entscheidung = _entscheidung(betrieb, zeile, eingang)
    sendung = rendere(betrieb, antrag, entscheidung, empfaenger, zeile.kanal)
    return Vorbereitet(vorgang_id, zeile.lauf, empfaenger, sendung, text, wer, grund, begonnen)


def gib_ab(betrieb: Betrieb, abgabe: Vorbereitet) -> int:
    """Begin the delivery, all or nothing; the number of its Fassung.

    Raises ``EingriffError`` if the case went another way since it was prepared.
    """
    store = betrieb.store
    with store.transaktion("abgabe") as verbindung:
        zeile = store.sperre(verbindung, abgabe.vorgang_id)
        if zeile is None:
            raise LookupError(abgabe.vorgang_id)
        if zeile.lauf != abgabe.lauf:
            raise nein(
                "zwischendurch_geaendert", "Der Vorgang hat sich inzwischen geändert. Bitte noch einmal ansehen."
            )
        _pruefe(verbindung, zeile, sperre=True)
        ersetze_offene(verbindung, zeile.id)
        fassung, lauf = zeile.fassung + 1, zeile.lauf + 1
        store.aendere(verbindung, zeile.id, status=Vorgangstand.RUNNING.value, fassung=fassung, lauf=lauf, **_OFFEN)
        fertig = versiegle(betrieb, verbindung, zeile.id, abgabe.sendung)
        ausgabe = store.schreibe_schritt(verbindung, zeile.id, lauf, _angabe(betrieb, abgabe, fassung), fertig)
        beginne_zustellung(betrieb, verbindung, zeile.id, abgabe.ziel.name, fassung, ausgabe)
        store.vermerke(verbindung, zeile.id, abgabe.wer, "abgegeben", zeile.grund or _OHNE_GRUND, abgabe.grund)
        alarm.behebe(verbindung, alarm.des_vorgangs(zeile.id))
    betrieb.melde_schritt(abgabe.vorgang_id, ABGABE)
    return int(fassung)


_OFFEN: dict[str, Any] = {"grund": "", "hinweis": "", "gehalten_fuer": "", "wartet_bis": None}


def _angabe(betrieb: Betrieb, abgabe: Vorbereitet, fassung: int) -> Schrittangabe:
    plugin = abgabe.ziel.plugin
    return Schrittangabe(
        ABGABE,
        abgabe.begonnen,
        ziel=f"{abgabe.ziel.name}:{fassung}",
        plugin=plugin,
        plugin_version=betrieb.plugins.version(plugin),
    )


# -- may it go there --------------------------------------------------------------------------------------------------


def _pruefe(verbindung: sa.Connection, zeile: Any, *, sperre: bool = False) -> None:
    pruefe_ruhe(zeile)
    pruefe_inhalt(verbindung, zeile.id, sperre=sperre)
    pruefe_ausgang(verbindung, zeile.id)


def _ziel(betrieb: Betrieb, zeile: Any, name: str) -> Ziel:
    """The Ziel of that name. A test never reaches a live one, and an application never one that is there for tests."""
    if name not in betrieb.ziele:
        text = f"Das Ziel „{name}“ gibt es nicht. In fachwerk.toml stehen: {', '.join(sorted(betrieb.ziele))}."
        raise nein("ziel_unbekannt", text)
    zustaende = {route.zustand for route in routenstand.heutige(betrieb) if name in route.ziele}
    nur_test = zustaende == {Zustand.TEST}
    if zeile.test and not nur_test:
        text = (
            f"Die Nachricht ist ein Test; „{name}“ ist kein Ziel, das nur eine Testroute hat. Tests gehen nicht hinaus."
        )
        raise nein("abgabe_testfall", text)
    if nur_test and not zeile.test:
        text = f"Das Ziel „{name}“ steht nur an Testrouten; ein echter Antrag ginge dort verloren."
        raise nein("abgabe_testziel", text)
    return betrieb.ziele[name]


# -- what goes out ----------------------------------------------------------------------------------------------------


def _original(betrieb: Betrieb, zeile: Any, eingang: Eingang, text: str) -> Antrag:
    """The message with all its parts and the letter behind them; read only as far as it was understood."""
    gelesen = betrieb.store.ausgabe(zeile.id, "map")
    antrag = betrieb.store.lies_wert(Antrag, gelesen) if gelesen else _ungelesen(betrieb, eingang)
    original = next((teil for teil in eingang.teile if antrag.original and teil.id == antrag.original.id), None)
    original = original or waehle_original(eingang.teile)
    brief = Teil.entwurf(NACHRICHT, _TYP, lambda: [text.encode("utf-8")], "Abgabenachricht (SGB I § 16 Abs. 2)")
    rest = tuple(teil for teil in eingang.teile if teil is not original)
    return antrag.model_copy(update={"original": original, "anlagen": (*rest, brief), "ergaenzungen": ()})


def _ungelesen(betrieb: Betrieb, eingang: Eingang) -> Antrag:
    return Antrag(
        leistung=eingang.kanal_leistung or UNBEKANNT,
        land=eingang.kanal_land or betrieb.land,
        empfangen=eingang.empfangen,
        zugestellt=eingang.zugestellt,
        test=eingang.test,
    )


def _entscheidung(betrieb: Betrieb, zeile: Any, eingang: Eingang) -> Entscheidung:
    """Only that it is given away, and how urgent it is: the competent body judges for itself."""
    tag = line.stichtag(eingang)
    punkt = OffenerPunkt(
        code=ABGABE,
        text=f"Abgabe an die zuständige Stelle; erster Eingang am {tag:%d.%m.%Y}. Näheres in {NACHRICHT}.",
        fundstelle="SGB I § 16 Abs. 2",
    )
    entscheidung = Entscheidung(empfehlung=Empfehlung.WEITERLEITEN, offen=(punkt,), stichtag=tag)
    if (ausgabe := betrieb.store.ausgabe(zeile.id, "merge")) is None:
        return entscheidung
    bisher = betrieb.store.lies_wert(Entscheidung, ausgabe)
    return entscheidung.model_copy(update={"dringlichkeit": bisher.dringlichkeit, "frist": bisher.frist})


def abgabenachricht(betrieb: Betrieb, zeile: Any, eingang: Eingang, ziel: str, grund: str, zeit: datetime) -> str:
    """The letter: for people of the other body; names the applicant only if ``grund`` does."""
    tag, original = line.stichtag(eingang), waehle_original(eingang.teile)
    angaben = [
        ("Tag des ersten Eingangs", f"{tag:%d.%m.%Y}"),
        ("Dem Postfach zugestellt", _ortszeit(eingang.zugestellt) if eingang.zugestellt else "nicht bekannt"),
        ("Bei uns abgeholt", _ortszeit(eingang.empfangen)),
        ("Abgebende Stelle", betrieb.einstellungen.fachwerk.betreiber or "nicht angegeben"),
        ("Abgegeben an", ziel),
        ("Abgegeben am", _ortszeit(zeit)),
        ("Leistung", zeile.leistung or "nicht erkannt"),
        ("Kennung der Nachricht", eingang.nachricht_id),
        ("Nachrichten-UUID", zeile.nachrichten_uuid or "keine"),
        ("Unser Vorgang", zeile.id),
        ("Anlass", zeile.grund or _OHNE_GRUND),
        ("Unverändert beigefügt", f"{len(eingang.teile)} Teil(e) der Nachricht"),
        ("SHA-256 der Nachricht", (original.sha256 if original else None) or "nicht bekannt"),
    ]
    return "\n".join(
        [
            "Abgabe eines Antrags an die zuständige Stelle",
            "",
            "Dieser Antrag ist bei uns eingegangen. Wir halten uns nicht für zuständig und geben ihn unverändert an",
            "Sie ab. Für Sozialleistungen ist der Tag des ersten Eingangs auch bei Ihnen maßgeblich",
            "(SGB I § 16 Abs. 2).",
            "",
            *(f"{name + ':':<26}{' '.join(wert.split())}" for name, wert in angaben),
            "",
            "Grund der Abgabe:",
            grund.strip(),
            "",
        ]
    )


def _ortszeit(zeit: datetime) -> str:
    return f"{utc(zeit).astimezone(line.ORTSZEIT):%d.%m.%Y %H:%M:%S %Z}"
