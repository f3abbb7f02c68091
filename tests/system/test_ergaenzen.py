"""The whole way of missing facts: asked for and delivered, supplied by a person, decided and delivered as Fassung 2."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from fachwerk.demo.prozesse import GEDULD_S
from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.standort import Standort
from fachwerk.testkit.startbank import Startbank

NeuerStandort = Callable[..., Standort]

GEHEIM = "Kanarienvogelweg"
OHNE_EINKOMMEN = {
    "unterhalt": [],
    "haushalt": [
        {
            "name": "Anna Beispiel",
            "rolle": "antragsteller",
            "geburtsdatum": "1990-05-01",
            "grad_der_behinderung": 0,
            "pflegegrad": 0,
        }
    ],
}
ANGABEN = """
haushalt:
  - name: anna beispiel
    einkuenfte:
      - {art: nichtselbstaendig, betrag: 24137.50}
    zahlt: {einkommensteuer: true, kranken_pflegeversicherung: true, rentenversicherung: true}
"""


def antrag(standort: Standort) -> bytes:
    from fachwerk_xsozial_basis.erzeuger import nachricht

    kennung, tag = str(uuid.uuid4()), date(2026, 11, 20)
    fall = OHNE_EINKOMMEN
    return nachricht("wbs", fall, leser=standort.leser, uuid=kennung, vorgangs_id=kennung, antragsdatum=tag)


def ergaenze(
    startbank: Startbank, standort: Standort, kennung: str, text: str, *weitere: str
) -> subprocess.CompletedProcess[str]:
    datei = standort.ordner / "fall.yaml"
    datei.write_text(text, encoding="utf-8")
    worte = ["vorgang", "ergaenze", kennung, str(datei), "--wer", "m.muster", *weitere]
    return startbank.fuehre_aus(["fachwerk", "--konfig", str(standort.konfig), *worte], GEDULD_S)


def stand(standort: Standort) -> tuple[Any, ...]:
    (zeile,) = standort.frage("SELECT status, empfehlung, fassung FROM vorgang")
    return zeile


def vermerke(standort: Standort) -> dict[str, dict[str, Any]]:
    """The Prüfvermerk of each folder as data, the older first."""
    ordner = sorted(standort.akten.glob("*/pruefvermerk.json"), key=lambda pfad: "_ergaenzt-" in pfad.parent.name)
    return {pfad.parent.name: json.loads(pfad.read_text(encoding="utf-8")) for pfad in ordner}


def test_missing_incomes_are_asked_for_supplied_and_then_granted(
    startbank: Startbank, bank: Absturzbank, neuer_standort: NeuerStandort, datenbank_url: str
) -> None:
    standort = neuer_standort(datenbank_url)
    standort.sende_xml(antrag(standort))
    assert bank.laufe(standort.konfig).code == 0
    assert stand(standort) == ("done", "nachfordern", 1)
    (vorher,) = vermerke(standort).values()
    (frage,) = vorher["voten"][0]["ergebnis"]["nachfragen"]
    assert frage["person"] == "Anna Beispiel"
    assert any("alle Einkünfte" in text for text in frage["angaben"])

    ((kennung,),) = standort.frage("SELECT id FROM vorgang")
    falsch = ergaenze(startbank, standort, kennung[:10], ANGABEN.replace("einkuenfte:", "einkunft:"))
    assert (falsch.returncode, falsch.stdout) == (1, "")
    assert "haushalt.0.einkunft: dieses Feld gibt es nicht" in falsch.stderr
    assert "24137" not in falsch.stderr
    assert stand(standort) == ("done", "nachfordern", 1)

    ende = ergaenze(startbank, standort, kennung[:10], ANGABEN, "--woher", f"Lohnabrechnungen, {GEHEIM}")
    assert (ende.returncode, ende.stderr) == (0, "")
    assert "Empfehlung danach: bewilligen" in ende.stdout
    assert bank.laufe(standort.konfig).code == 0
    assert stand(standort) == ("done", "bewilligen", 2)
    frage_zustellung = "SELECT ziel, fassung, status FROM zustellung ORDER BY fassung"
    assert standort.frage(frage_zustellung) == [("akte", 1, "zugestellt"), ("akte", 2, "zugestellt")]

    alt, neu = vermerke(standort).items()
    assert alt[1] == vorher
    assert ("_ergaenzt-1_" in neu[0], "ergaenzt" in alt[0]) == (True, False)
    assert neu[1]["ergaenzungen"][0]["wer"] == "m.muster"
    assert neu[1]["entwurf"]["personen"][0]["name"] == "Anna Beispiel"
    akte = standort.akten / neu[0]
    assert (akte / "wbs_entwurf.pdf").exists()
    assert "Ergänzte Angaben" in (akte / "index.html").read_text(encoding="utf-8")
    assert (akte / "original.xml").read_bytes() == (standort.akten / alt[0] / "original.xml").read_bytes()
    nichts_steht_im_klaren(standort)


def nichts_steht_im_klaren(standort: Standort) -> None:
    """Neither where the facts came from nor an amount stands in a column, a log or a database file."""
    spalten = standort.frage("SELECT wer, was, code FROM ereignis") + standort.frage("SELECT name, code FROM schritt")
    assert ("m.muster", "ergaenzt", "") in spalten
    assert GEHEIM not in repr(spalten)
    dateien = [pfad for muster in ("*.db*", "*.log") for pfad in standort.ordner.glob(muster)]
    for wort in (GEHEIM.encode(), b"24137"):
        assert [pfad.name for pfad in dateien if wort in pfad.read_bytes()] == []
