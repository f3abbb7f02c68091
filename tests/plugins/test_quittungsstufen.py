"""What a Ziel is asked for follows its profile: one without receipts is not asked, and nobody waits in vain."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fachwerk.abschnitte import Einstellungen
from fachwerk.aufbau import aufbau
from fachwerk.manifest import Stufe, Ziel
from fachwerk.plugins import lade

NUR_UEBERGEBEN = (Stufe.UEBERGEBEN,)
ALLE = tuple(Stufe)
COMVIBILIA = {
    "fassung": 1,
    "name": "eigenes",
    "ausgang": {"aufbau": "ordner", "name": "{kennung}", "nachricht": "n.xml", "anlagen": "{nr}_{name}"},
}
LAUFZETTEL = {"muster": ["{kennung}.xml"], "stand": "Stand", "stufen": {"da": "uebernommen"}}
ABLAGE = {
    "schema": 1,
    "art": "ordner",
    "titel": "Eigenes",
    "form": "ordner",
    "stamm": "{schluessel}",
    "teile": {"original": "antrag.xml"},
    "ausloeser": {"name": "{stamm}.fertig"},
}
SOAP = {
    "schema": 1,
    "art": "soap",
    "titel": "Eigenes",
    "uebergabe": {"operation": "Gib", "schluessel": "Ref", "antwort": {"kennung": "Nr", "sonst": "uebernommen"}},
}
NACHFRAGE = {
    "operation": "Frage",
    "schluessel": "Ref",
    "antwort": {"status": "Stand", "bedeutung": {"1": "uebergeben", "2": "technisch_bestaetigt", "9": "abgelehnt"}},
}


def stufen(ordner: Path, abschnitte: dict[str, dict[str, object]]) -> tuple[Stufe, ...]:
    """What the Ziel ``amt`` can reach, with the configuration in ``ordner``."""
    return ziel(ordner, abschnitte).stufen


def ziel(ordner: Path, abschnitte: dict[str, dict[str, object]]) -> Ziel:
    einstellungen = Einstellungen.model_validate({"ziel": abschnitte})
    einstellungen._ordner = ordner
    plugins = lade({str(abschnitt["plugin"]) for abschnitt in abschnitte.values()})
    return aufbau(einstellungen, plugins).ziele["amt"]


def profil(ordner: Path, inhalt: dict[str, object]) -> str:
    (ordner / "profil.yaml").write_text(yaml.safe_dump(inhalt), encoding="utf-8")
    return "profil.yaml"


def comvibilia(profil: str) -> dict[str, object]:
    return {"plugin": "comvibilia", "verzeichnis": "import", "profil": profil}


def test_comvibilia_can_do_what_the_words_of_its_receipts_say(tmp_path: Path) -> None:
    assert stufen(tmp_path, {"amt": comvibilia("ordner")}) == ALLE
    assert stufen(tmp_path, {"amt": comvibilia("flach")}) == ALLE
    eigenes = profil(tmp_path, COMVIBILIA | {"quittungen": LAUFZETTEL})
    assert stufen(tmp_path, {"amt": comvibilia(eigenes)}) == (Stufe.UEBERGEBEN, Stufe.UEBERNOMMEN)


def test_comvibilia_without_receipts_ends_with_the_hand_over(tmp_path: Path) -> None:
    amt = ziel(tmp_path, {"amt": comvibilia(profil(tmp_path, COMVIBILIA))})
    assert (amt.stufen, amt.gefragt) == (NUR_UEBERGEBEN, False)


def test_laemmerzahl_can_do_what_its_way_can_do(tmp_path: Path) -> None:
    weg = {"vibilia": comvibilia(profil(tmp_path, COMVIBILIA)), "amt": {"plugin": "laemmerzahl", "ueber": "vibilia"}}
    assert stufen(tmp_path, weg) == NUR_UEBERGEBEN
    mit_eigenem = weg | {"amt": {"plugin": "laemmerzahl", "ueber": "vibilia", "profil": "laemmerzahl"}}
    assert stufen(tmp_path, mit_eigenem) == ALLE


@pytest.mark.parametrize(
    ("zusatz", "erwartet", "gefragt"),
    [
        ({}, NUR_UEBERGEBEN, False),
        ({"abgeholt": "technisch_bestaetigt"}, (Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT), True),
        (
            {"rueckmeldungen": [{"ordner": "fertig", "muster": "{stamm}.ok", "bedeutet": "uebernommen"}]},
            (Stufe.UEBERGEBEN, Stufe.UEBERNOMMEN),
            True,
        ),
        (
            {"rueckmeldungen": [{"ordner": "fehler", "muster": "{stamm}.x", "bedeutet": "abgelehnt"}]},
            NUR_UEBERGEBEN,
            True,
        ),
    ],
)
def test_a_prosoz_folder_can_do_what_its_files_mean_and_is_asked_even_if_they_only_refuse(
    tmp_path: Path, zusatz: dict[str, object], erwartet: tuple[Stufe, ...], gefragt: bool
) -> None:
    amt = {"plugin": "prosoz", "weg": "ordner", "verzeichnis": "x", "profil": profil(tmp_path, ABLAGE | zusatz)}
    gebaut = ziel(tmp_path, {"amt": amt})
    assert (gebaut.stufen, gebaut.gefragt) == (erwartet, gefragt)


def test_prosoz_by_soap_can_do_what_its_question_answers_and_nothing_without_one(tmp_path: Path) -> None:
    amt = {"plugin": "prosoz", "weg": "soap", "wsdl": "a.wsdl", "url": "https://prosoz.example/x"}
    ohne = amt | {"profil": profil(tmp_path, SOAP)}
    assert stufen(tmp_path, {"amt": ohne}) == NUR_UEBERGEBEN
    mit = amt | {"profil": profil(tmp_path, SOAP | {"nachfrage": NACHFRAGE})}
    assert stufen(tmp_path, {"amt": mit}) == (Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT)


def test_a_prosoz_profile_nobody_can_read_stops_no_start(tmp_path: Path) -> None:
    amt = {"plugin": "prosoz", "weg": "ordner", "verzeichnis": "x", "profil": "fehlt.yaml"}
    assert stufen(tmp_path, {"amt": amt}) == ALLE
