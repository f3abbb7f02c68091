"""Templates of the console: their environment, the words for people, and what every page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2

from fachwerk.lage import zeit_text
from fachwerk.modell import utc
from fachwerk.rechte import Recht
from fachwerk.stufen import WORT

if TYPE_CHECKING:
    from fachwerk.rechte import Person


@dataclass(frozen=True)
class Reiter:
    """An entry of the navigation, shown to those with the right."""

    pfad: str
    titel: str
    recht: Recht | None = None


REITER: tuple[Reiter, ...] = (
    Reiter("/", "Übersicht"),
    Reiter("/vorgaenge", "Vorgänge"),
    Reiter("/kanaele", "Kanäle"),
    Reiter("/ziele", "Ziele"),
    Reiter("/routen", "Routen"),
    Reiter("/alarme", "Alarme"),
    Reiter("/bilanz", "Bilanz", Recht.BETRIEB),
    Reiter("/regeln", "Regeln"),
    Reiter("/erweiterungen", "Erweiterungen"),
    Reiter("/protokoll", "Protokoll", Recht.VERWALTEN),
)

MELDUNGEN: Mapping[str, str] = {
    "wiederholt": "Der Vorgang wird noch einmal versucht.",
    "freigegeben": "Der Vorgang ist freigegeben und läuft weiter.",
    "angekommen": "Die Sendung gilt als übergeben; gesendet wurde nichts.",
    "abgegeben": "Der Vorgang wird abgegeben.",
    "zurueckgegeben": "Der Vorgang ist als zurückgegeben vermerkt.",
    "nachgesendet": "Die Sendung wird noch einmal übergeben.",
    "ergaenzt": "Die Ergänzung ist gespeichert; der Vorgang läuft als neue Fassung weiter.",
    "umgestellt": "Die Route ist umgestellt.",
    "angehalten": "Angehalten. Was ankommt, bleibt sichtbar liegen.",
    "fortgesetzt": "Es geht weiter.",
}
"""What an action says after it was done; only these words are taken from the address."""

STATUS: Mapping[str, str] = {
    "ready": "wartet auf Bearbeitung",
    "running": "in Zustellung",
    "waiting": "wartet",
    "held": "gehalten",
    "done": "zugestellt",
    "forwarded": "abgegeben",
    "returned": "zurückgegeben",
}
"""The states of a case as people call them."""


FUER: Mapping[str, str] = {"betrieb": "Betrieb", "technik": "Technik", "sachbearbeitung": "Sachbearbeitung"}
"""For whom a case is held."""


def umgebung() -> jinja2.Environment:
    """Templates of this package; everything is escaped, an unknown name is an error."""
    neue = jinja2.Environment(
        loader=jinja2.PackageLoader("fachwerk.konsole", "vorlagen"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    neue.filters |= {"zeit": zeit, "datum": datum, "dauer": dauer, "status": lambda wort: STATUS.get(wort, wort)}
    neue.filters["fuer"] = lambda wort: FUER.get(wort, wort)
    neue.filters["stufe"] = lambda wort: WORT.get(wort, wort)
    return neue


def reiter(person: Person | None) -> list[Reiter]:
    """The navigation of a person."""
    if person is None:
        return []
    return [eins for eins in REITER if eins.recht is None or person.darf(eins.recht)]


def zeit(wert: datetime | str | None) -> str:
    """A point in time in German time; a dash for none."""
    if not wert:
        return "–"
    return zeit_text(datetime.fromisoformat(wert) if isinstance(wert, str) else wert)


def datum(wert: date | str | None) -> str:
    """A date as Germans write it; a dash for none."""
    if not wert:
        return "–"
    return f"{date.fromisoformat(wert) if isinstance(wert, str) else wert:%d.%m.%Y}"


def dauer(seit: datetime | str | None) -> str:
    """How long ago, in the largest unit that says enough: ``3 Tage``, ``2 Std.``, ``5 Min.``"""
    if not seit:
        return "–"
    beginn = datetime.fromisoformat(seit) if isinstance(seit, str) else seit
    minuten = max(int((datetime.now(UTC) - utc(beginn)).total_seconds() // 60), 0)
    tage, stunden = minuten // 1440, minuten // 60
    if tage:
        return f"{tage} Tage" if tage > 1 else "1 Tag"
    return f"{stunden} Std." if stunden else f"{minuten} Min."


def statisch() -> Any:
    """Folder of style sheet, script and sign."""
    return files("fachwerk.konsole") / "statisch"
