"""Answers that belong to something else: they give no case a number, and nothing is taken for delivered by them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from prosoz_welt import Lieferwelt, beispielprofil, soapwelt

from fachwerk.errors import OutcomeUnknownError
from fachwerk.transport import oeffne
from fachwerk_prosoz.antwort import AntwortFehler, lies_rumpf
from fachwerk_prosoz.simulator import SoapSimulator

RAUM = "http://www.w3.org/2003/05/soap-envelope"


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoapSimulator]:
    with SoapSimulator(tmp_path_factory.mktemp("soap"), eindeutig=True) as laufend:
        yield laufend


@pytest.fixture
def lieferwelt(partner: SoapSimulator, tmp_path: Path) -> Lieferwelt:
    partner.launen.setze("normal")
    (partner.ordner / "faelle.jsonl").unlink(missing_ok=True)
    welt = soapwelt(tmp_path, partner.einstellungen())
    welt.host.http_fabrik = cache(oeffne)  # as the service does: one client, which keeps its connections
    return welt


def test_an_answer_given_twice_is_not_the_answer_to_the_next_case(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    profil = beispielprofil("soap")
    del profil["nachfrage"]
    lieferwelt.profil(profil)
    partner.launen.setze("doppelt", 1)
    erste, zweite = lieferwelt.liefere(schluessel="v-1:amt:1"), lieferwelt.liefere(schluessel="v-2:amt:1")
    assert {fall["schluessel"]: fall["fallnummer"] for fall in partner.faelle.alle()} == {
        "v-1:amt:1": erste.kennung,
        "v-2:amt:1": zweite.kennung,
    }


def test_an_answer_given_twice_is_not_the_answer_to_the_question(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    partner.launen.setze("doppelt", 1)
    lieferwelt.liefere(schluessel="v-1:amt:1")
    assert lieferwelt.finde("v-2:amt:1") is None
    gefunden = lieferwelt.finde("v-1:amt:1")
    assert gefunden is not None


def test_the_answer_of_another_operation_leaves_the_outcome_open(
    lieferwelt: Lieferwelt, partner: SoapSimulator
) -> None:
    partner.launen.setze("verwechselt", 1)
    with pytest.raises(OutcomeUnknownError, match=r"prosoz\.antwort_unklar"):
        lieferwelt.liefere()
    assert lieferwelt.finde() is not None, "it is there, which only the question could tell"


@pytest.mark.parametrize(("bezug", "fremd"), [("urn:uuid:unser", False), ("urn:uuid:anderer", True), ("", True)])
def test_an_answer_with_addressing_names_our_request(bezug: str, fremd: bool) -> None:
    kopf = f'<a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing">{bezug}</a:RelatesTo>'
    daten = (
        f'<s:Envelope xmlns:s="{RAUM}"><s:Header>{kopf}</s:Header><s:Body><Ergebnis/></s:Body></s:Envelope>'.encode()
    )
    assert getattr(lies_rumpf(daten), "tag", "") == "Ergebnis", "a request without an id asks for none"
    if fremd:
        with pytest.raises(AntwortFehler, match="fremde_antwort"):
            lies_rumpf(daten, "urn:uuid:unser")
    else:
        assert getattr(lies_rumpf(daten, "urn:uuid:unser"), "tag", "") == "Ergebnis"
