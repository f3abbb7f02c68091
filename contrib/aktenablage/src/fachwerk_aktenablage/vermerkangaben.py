"""What people have to do with a Votum: open points, questions to the citizen, proofs, and what somebody has added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fachwerk.modell import Aenderung, Antrag, Entscheidung, Ergaenzung, OffenerPunkt, Votum
from fachwerk_aktenablage.fallblatt import feldname, feldwert
from fachwerk_aktenablage.gliederung import Absatz, Block, Tabelle
from fachwerk_aktenablage.texte import UNBEKANNT, bereinigt, oder_unbekannt, wort, zeitpunkt
from fachwerk_aktenablage.vermerkrechnung import eintraege


def offene_punkte(entscheidung: Entscheidung) -> tuple[OffenerPunkt, ...]:
    """Those of the merge and of all Voten, each once."""
    return tuple(dict.fromkeys((*entscheidung.offen, *(p for votum in entscheidung.voten for p in votum.offen))))


def offen(alle: Sequence[OffenerPunkt], voten: Sequence[Votum]) -> tuple[Block, ...]:
    """What a person has to clear up, grouped by the person it is about, without what stands among the questions."""
    gefragt = [(frage.get("person"), text) for frage in _fragen(voten) if (text := _angaben(frage))]
    punkte = [p for p in alle if not any(p.person == wer and text in p.text for wer, text in gefragt)]
    if not punkte:
        return (Absatz("Es fehlen Angaben; sie stehen im nächsten Abschnitt." if alle else "Keine."),)
    mit_person = any(punkt.person for punkt in punkte)
    zeilen = tuple(
        (str(nr), *((wort(p.person) if p.person else "–",) if mit_person else ()), _ohne_name(p), _fundstelle(p))
        for nr, p in enumerate(sorted(punkte, key=_reihenfolge(punkte)), 1)
    )
    if mit_person:
        kopf = ("Nr.", "Person", "Was ist zu klären?", "Fundstelle")
        return (Tabelle(zeilen, anteile=(5, 19, 52, 24), kopf=kopf, klein=True),)
    return (Tabelle(kopf=("Nr.", "Was ist zu klären?", "Fundstelle"), zeilen=zeilen, anteile=(5, 67, 28), klein=True),)


def _reihenfolge(punkte: Sequence[OffenerPunkt]) -> Any:
    """Persons in the order in which they come first; the order of their points stays."""
    erste = {punkt.person: nr for nr, punkt in reversed(list(enumerate(punkte)))}
    return lambda punkt: erste[punkt.person]


def _ohne_name(punkt: OffenerPunkt) -> str:
    return bereinigt(punkt.text.removeprefix(f"{punkt.person}: ") if punkt.person else punkt.text)


def _fundstelle(punkt: OffenerPunkt) -> str:
    return bereinigt(punkt.fundstelle) or "–"


def nachfragen(voten: Sequence[Votum]) -> tuple[Block, ...]:
    """What to ask the citizen, in words to send on; empty where nothing is."""
    zeilen = tuple(dict.fromkeys((wort(f.get("person")), wort(text)) for f in _fragen(voten) if (text := _angaben(f))))
    if not zeilen:
        return ()
    return (Tabelle(kopf=("Wer", "Bitte angeben"), zeilen=zeilen, anteile=(20, 80), klein=True),)


def _fragen(voten: Sequence[Votum]) -> list[Mapping[str, Any]]:
    return [frage for votum in voten for frage in eintraege(votum, "nachfragen")]


def _angaben(frage: Mapping[str, Any]) -> str:
    texte = frage.get("angaben")
    return "; ".join(str(text) for text in texte) if isinstance(texte, list) else ""


def nachweise(voten: Sequence[Votum]) -> tuple[Block, ...]:
    """Proofs with the documents that may be one; what is missing comes first."""
    fehlend = dict.fromkeys(bereinigt(titel) for votum in voten for titel in votum.nachweise)
    zeilen = [(titel, "fehlt, oder ist am Namen nicht zu erkennen") for titel in fehlend]
    for votum in voten:
        for beleg in eintraege(votum, "nachweise"):
            if (titel := wort(beleg.get("titel"))) not in fehlend and (namen := _namen(beleg.get("vermutlich"))):
                zeilen.append((titel, f"vermutlich beigefügt: {namen}"))
    if not zeilen:
        return ()
    zeilen = list(dict.fromkeys(zeilen))
    return (
        Tabelle(
            kopf=("Nachweis", "Stand (nach dem Namen der Dokumente)"),
            zeilen=tuple(zeilen),
            anteile=(58, 42),
            klein=True,
        ),
    )


def _namen(vermutlich: Any) -> str:
    """At most three names, each at most sixty characters: they are the sender's."""
    namen = (
        [oder_unbekannt(name) for name in vermutlich if isinstance(name, str)] if isinstance(vermutlich, list) else []
    )
    kurz = [name if len(name) <= 60 else f"{name[:57]}…" for name in namen[:3]]
    return ", ".join(kurz) + (f" und {len(namen) - 3} weitere" if len(namen) > 3 else "")


def ergaenzungen(antrag: Antrag) -> Iterator[Block]:
    """Who added what, when and from where, and what the message had said; new facts of a person share a line."""
    for ergaenzung in antrag.ergaenzungen:
        yield Absatz(_kopf(ergaenzung))
        if zeilen := tuple(_zeilen(ergaenzung.aenderungen)):
            kopf = ("Angabe", "gilt jetzt", "vorher (Nachricht)")
            yield Tabelle(zeilen, anteile=(24, 50, 26), kopf=kopf, klein=True)


def _kopf(ergaenzung: Ergaenzung) -> str:
    woher = f" nach: {bereinigt(ergaenzung.woher).strip().rstrip('.')}" if ergaenzung.woher.strip(" .") else ""
    verglichen = ". Alle gelesenen Angaben sind mit dem Original verglichen" if ergaenzung.bestaetigt else ""
    return f"{oder_unbekannt(ergaenzung.wer)}, {zeitpunkt(ergaenzung.zeit)}{woher}{verglichen}."


def _zeilen(aenderungen: Sequence[Aenderung]) -> Iterator[tuple[str, str, str]]:
    """First what was there before, then what is new, by person."""
    neu: dict[str, list[str]] = {}
    for aenderung in aenderungen:
        wer, felder = _stelle(aenderung)
        if aenderung.vorher is not None or not felder:
            yield _ersetzt(aenderung, wer, felder)
        else:
            name = " – ".join(feldname(feld) for feld in felder)
            neu.setdefault(wer, []).append(f"{name}: {feldwert(felder[-1], aenderung.nachher)}")
    for wer, texte in neu.items():
        yield wer or "Haushalt", "; ".join(texte), UNBEKANNT


def _stelle(aenderung: Aenderung) -> tuple[str, list[str]]:
    """Whom it is about, and the field; none if it is about the person as such."""
    teile = aenderung.pfad.split(".")
    return bereinigt(aenderung.person), teile[2:] if aenderung.person and len(teile) > 1 else teile


def _ersetzt(aenderung: Aenderung, wer: str, felder: list[str]) -> tuple[str, str, str]:
    vorn = f"{wer}: " if wer else ""
    if not felder:
        return f"{vorn}gehört zum Haushalt", "nein", "ja"
    name, feld = " – ".join(feldname(feld) for feld in felder), felder[-1]
    vorher = "dasselbe" if aenderung.vorher == aenderung.nachher else feldwert(feld, aenderung.vorher)
    return f"{vorn}{name}", feldwert(feld, aenderung.nachher), vorher
