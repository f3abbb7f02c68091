"""Invented applications for the takeover of rent arrears."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

from fachwerk.modell import Antrag, Befund, Votum
from fachwerk_mietrueckstaende import Vorpruefung, entscheide, pruefe
from fachwerk_mietrueckstaende.fall import Fall

HEUTE = date(2026, 11, 21)
FALL: dict[str, Any] = {
    "land": "mv",
    "leistungsbezug": "sgb12",
    "erwerbsfaehig": False,
    "altersrente": True,
    "haushalt": [{"name": "A", "rolle": "antragsteller", "geburtsdatum": "1950-01-01"}],
    "miete": {"gesamt": "600.00", "vermieter": "Wohnungsgesellschaft Musterow"},
    "rueckstand": {"betrag": "1500.00", "monate": 3},
    "gefahr": {
        "kuendigung": "2026-10-01",
        "kuendigung_art": "fristlos",
        "raeumungsklage": True,
        "klage_zugestellt": "2026-11-03",
    },
    "frueher_uebernommen": False,
    "verbleib_gewollt": True,
}


def fall(**angaben: Any) -> dict[str, Any]:
    """A complete case for the Sozialamt; ``angaben`` replace whole entries."""
    return {**deepcopy(FALL), **angaben}


def mit(bereich: str, **angaben: Any) -> dict[str, Any]:
    """The complete case with some facts of one part changed; None takes a fact away."""
    roh = deepcopy(FALL)
    roh[bereich] = {name: wert for name, wert in {**roh.get(bereich, {}), **angaben}.items() if wert is not None}
    return roh


def antrag(roh: dict[str, Any] | None, **angaben: Any) -> Antrag:
    """An application that came to the mailbox of a Sozialamt."""
    kopf = {"leistung": "mietrueckstaende", "land": "mv", "leser": "mrh:130030000000"}
    return Antrag(**{**kopf, "empfangen": datetime(2026, 11, 20, tzinfo=UTC), "fall": roh, **angaben})


def votum(roh: dict[str, Any] | None, *befunde: Befund, **angaben: Any) -> Votum:
    """What is recommended today."""
    return entscheide(antrag(roh, **angaben), befunde, HEUTE)


def geprueft(roh: dict[str, Any], stichtag: date = HEUTE) -> Vorpruefung:
    """The pre-check of a case."""
    return pruefe(Fall.model_validate(roh), stichtag)


def codes(ergebnis: Votum) -> list[str]:
    """The open points by code, without the name of the package."""
    return [punkt.code.removeprefix("mietrueckstaende.") for punkt in ergebnis.offen]


def fundstellen(ergebnis: Votum) -> str:
    """Everything that was cited."""
    return " | ".join(z.fundstelle for z in (*ergebnis.begruendung, *ergebnis.offen))
