"""Missing facts of rent arrears, supplied by a person: the same way as for any other Leistung."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import fachwerk_aktenablage
import fachwerk_mietrueckstaende
import fachwerk_xsozial_basis
from fachwerk import nachtrag
from fachwerk.eingriff import EingriffError
from fachwerk.testkit.welt import Welt
from fachwerk_xsozial_basis.erzeuger import nachricht

FALL = {
    "leistungsbezug": "keiner",
    "haushalt": [{"name": "Anna Beispiel", "rolle": "antragsteller", "geburtsdatum": "1990-05-01"}],
    "rueckstand": {"betrag": "1200.00"},
    "miete": {"gesamt": "600.00", "vermieter": "Wohnbau Musterow eG"},
}


@pytest.fixture
def welt(tmp_path: Path) -> Iterator[Welt]:
    welt = Welt(
        f"sqlite:///{tmp_path / 'fachwerk.db'}",
        tmp_path,
        plugins={
            "xsozial_basis": fachwerk_xsozial_basis,
            "mietrueckstaende": fachwerk_mietrueckstaende,
            "aktenablage": fachwerk_aktenablage,
        },
        ziel={"akte": {"plugin": "aktenablage", "verzeichnis": "akten"}},
        fachwerk={"land": "nw"},
        format={"xsozial_basis": {"bestaetigt": ["projektprofil-1"]}},
    )
    welt.regeln.votum = None
    welt.lege_ein("n-1", nachricht("mietrueckstaende", FALL, leser="mrh:051110000001", seed=1))
    assert welt.durchlauf() == ["done"]
    yield welt
    welt.schliesse()


def ergaenze(welt: Welt, text: str) -> int:
    kennung = welt.der_vorgang().id
    vorschau = nachtrag.probiere(welt.betrieb, kennung, nachtrag.lies_angaben(text.encode()), wer="m.muster")
    return nachtrag.uebernimm(welt.betrieb, vorschau)


def test_facts_of_the_threat_are_supplied_merged_and_delivered_as_a_new_folder(welt: Welt, tmp_path: Path) -> None:
    assert welt.der_vorgang().empfehlung == "nachfordern"
    ende = ergaenze(
        welt,
        "gefahr: {kuendigung: 2026-10-01, kuendigung_art: fristlos, raeumungsklage: false}\n"
        "rueckstand: {monate: 2}\nverbleib_gewollt: true\n",
    )
    welt.arbeite()
    assert (ende, welt.der_vorgang().status, welt.der_vorgang().fassung) == (2, "done", 2)
    assert welt.der_vorgang().empfehlung in ("vorlegen", "nachfordern")
    (neu,) = (tmp_path / "akten").glob("*_ergaenzt-1_*")
    seite = (neu / "index.html").read_text(encoding="utf-8")
    for stelle in ("Ergänzte Angaben", "m.muster", "1.200,00 EUR", "01.10.2026"):
        assert stelle in seite


@pytest.mark.parametrize(
    "text", ["gefahr: {kuendigung: bald}", "mieter: x", "rueckstand: {betrag: viel}", "miete: 600"]
)
def test_what_the_case_file_does_not_know_is_refused_by_its_path(welt: Welt, text: str) -> None:
    with pytest.raises(EingriffError, match="ergaenzung_unlesbar") as ausnahme:
        ergaenze(welt, text)
    assert text.partition(":")[0] in ausnahme.value.hint
    assert not any(wort in ausnahme.value.hint for wort in ("bald", "viel"))
    assert welt.der_vorgang().fassung == 1
