"""What is covered, Land by Land: one table from the data, for docs/wbs-abdeckung.md. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from fachwerk.parameter import Beleg, Fassung
from fachwerk.regeln import schwaecherer
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.grenzen import grenzen_fuer
from fachwerk_wbs.land import Land
from fachwerk_wbs.luecken import fehlstellen, nur_luecken, stellt_die_behoerde_fest
from fachwerk_wbs.musterhaushalte import alleinstehend, familie

SPALTEN = ("Land", "Grenzen", "Pauschalen", "Freibeträge", "Unterhalt", "Größe", "Gebühr", "Gültigkeit", "Lücken")
OHNE_ANSPRUCH = ("ermessen", "nur_foerderweg", "nicht_wbs")
FRAGEN = ("eine Person", "Paar mit zwei Kindern")
_THEMEN: dict[str, tuple[str, ...]] = {
    "pauschalen": ("pauschale_", "arbeitnehmer_pauschbetrag"),
    "freibetraege": ("freibetrag_",),
    "unterhalt": ("unterhalt_",),
    "gebuehr": ("gebuehr",),
    "gueltigkeit": ("gueltig_monate",),
}
KOPF = """# Was die Regelpakete der Länder können

Diese Seite entsteht aus den Daten der Regelpakete (`make abdeckung`); Stichtag: {tag}. Was offen ist, zählt
`fachwerk wbs luecken --land L` einzeln auf, mit der Stelle, an der nachzusehen wäre.

- **A** amtlicher Text gesehen, **B** aus zweiter Hand (bewilligt, lehnt nicht ab), **offen**: mindestens ein Wert ist
  unbekannt oder ungeprüft; Haushalte, die ihn brauchen, werden vorgelegt. **–**: im Regelpaket steht dazu nichts.
- Die letzten Spalten sind gerechnet: eine Angestellte allein und ein Ehepaar mit zwei Kindern, vollständige Angaben,
  Einkommen weit unter der niedrigsten Grenze.

"""


@dataclass(frozen=True, slots=True)
class Zeile:
    """One Land; the fields in the order of the columns."""

    land: str
    felder: tuple[str, ...]

    def markdown(self) -> str:
        """A row of the table."""
        return f"| {' | '.join((self.land, *self.felder))} |"


def tabelle(laender: Iterable[Land], stichtag: date) -> str:
    """The whole page in Markdown."""
    zeilen = [zeile(land, stichtag) for land in laender]
    spalten = (*SPALTEN, *FRAGEN)
    entschieden = [sum(z.felder[spalte].startswith("ja") for z in zeilen) for spalte in (-2, -1)]
    satz = (
        f"\nVon {len(zeilen)} Ländern entscheiden an diesem Tag {entschieden[0]} die einzelne Person und "
        f"{entschieden[1]} das Paar mit zwei Kindern.\n"
    )
    kopf = [f"| {' | '.join(spalten)} |", f"|{'---|' * len(spalten)}"]
    return KOPF.format(tag=f"{stichtag:%d.%m.%Y}") + "\n".join([*kopf, *(z.markdown() for z in zeilen)]) + "\n" + satz


def zeile(land: Land, stichtag: date) -> Zeile:
    """What ``land`` covers on ``stichtag``."""
    felder = [
        _grenzen(land, stichtag),
        *(_thema(land, _THEMEN[thema], stichtag) for thema in ("pauschalen", "freibetraege", "unterhalt")),
        _groesse(land, stichtag),
        _gebuehr(land, stichtag),
        _thema(land, _THEMEN["gueltigkeit"], stichtag),
        str(len(nur_luecken(fehlstellen(land, stichtag)))),
        _entscheidet(land, alleinstehend, stichtag),
        _entscheidet(land, familie, stichtag),
    ]
    return Zeile(f"{land.kopf.name} ({land.code})", tuple(felder))


def _grenzen(land: Land, stichtag: date) -> str:
    """The weakest grade of all tiers of households of one to five persons, with and without children."""
    belege: list[Beleg] = []
    hoehere_offen = False
    for personen, kinder in ((1, 0), (2, 0), (2, 1), (4, 2), (5, 3)):
        stufen = [s for s in grenzen_fuer(land, stichtag, personen, kinder) if not any(map(s.merkmal, OHNE_ANSPRUCH))]
        if not stufen or not stufen[0].gesichert or any(s.zur_ansicht is None for s in stufen):
            return "offen"
        hoehere_offen = hoehere_offen or any(not s.gesichert for s in stufen)
        belege += [s.grenze.beleg for s in stufen if s.gesichert]
    return (schwaecherer(*belege) or "A") + (", höhere Stufen offen" if hoehere_offen else "")


def _thema(land: Land, anfaenge: tuple[str, ...], stichtag: date) -> str:
    namen = [name for name in land.parameter if name.startswith(anfaenge)]
    gefunden = [f for name in namen if (f := land.parameter[name].fassung_am(stichtag)) is not None]
    if not gefunden:
        return "–"
    unbestimmt = any("unbestimmt" in b for name in namen for b in land.parameter[name].merkmale.get("wenn", ()))
    if unbestimmt or any(not isinstance(f, Fassung) for f in gefunden):
        return "offen"
    return schwaecherer(*(f.beleg for f in gefunden if isinstance(f, Fassung)))


def _groesse(land: Land, stichtag: date) -> str:
    """Area or rooms, whichever the Land has better evidence for."""
    felder = [_thema(land, (name,), stichtag) for name in ("wohnflaeche", "raeume") if name in land.parameter]
    return min(felder, key=("A", "B", "offen", "–").index, default="–")


def _gebuehr(land: Land, stichtag: date) -> str:
    if stellt_die_behoerde_fest(land.parameter.get("gebuehr")):
        return "setzt die Stelle fest"
    return _thema(land, ("gebuehr",), stichtag)


def _entscheidet(land: Land, haushalt: Callable[[str, date], Fall], stichtag: date) -> str:
    ergebnis = berechne(haushalt(land.code, stichtag), land, stichtag)
    return "ja" if ergebnis.empfehlung in ("bewilligen", "ablehnen") else "nein"
