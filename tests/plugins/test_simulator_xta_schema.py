"""Every answer and every fault of the simulator is what the official XTA 2.1.1 schemas allow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fachwerk_generic_xta.simulator import XtaSimulator
from fachwerk_generic_xta.simulator.antworten import soap_fehler, xta_fehler
from fachwerk_generic_xta.simulator.fehler import FEHLERNUMMERN, SoapFehler, XtaFehler

pytestmark = pytest.mark.shared

LESER = "wbs:130030000000"
KONTEN = {"konten": {"leser": {"kennungen": [LESER]}, "portal": {"kennungen": ["gae:portal"]}}}


@pytest.fixture
def gegenstellen(tmp_path: Path, xta_gegenstelle: ModuleType) -> Iterator[tuple[Any, Any]]:
    with (
        XtaSimulator(tmp_path, KONTEN) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal", "gae:portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser", LESER) as leser,
    ):
        yield portal, leser


def test_all_answers_are_valid(gegenstellen: tuple[Any, Any], xta_schema_pruefer: Any) -> None:
    portal, leser = gegenstellen
    kennung, gesendet = portal.sende([b"<a/>", b"", b"c" * 1000])
    lookup = (
        f"<x:LookupServiceRequest><x:LookupServiceRequestList><x:LookupService><m:Reader><m:Identifier type='xoev'>"
        f"{LESER}</m:Identifier></m:Reader><x:ServiceType>urn:a</x:ServiceType></x:LookupService>"
        "</x:LookupServiceRequestList></x:LookupServiceRequest>"
    )
    antworten = {
        "createMessageId": portal.rufe("createMessageId"),
        "checkAccountActive": portal.rufe("checkAccountActive"),
        "lookupService": portal.rufe("lookupService", lookup),
        "sendMessage": gesendet,
        "getTransportReport": portal.bericht(kennung),
        "getStatusList": leser.liste(),
        "getStatusList, attributes": leser.liste(form="MsgAtrributes"),
        "getMessage": leser.hole(kennung),
        "close": leser.schliesse(kennung),
        "getStatusList, empty": leser.liste(),
        "getTransportReport, closed": portal.bericht(kennung),
    }
    for name, antwort in antworten.items():
        assert antwort.status == 200, name
        assert not xta_schema_pruefer.fehler(antwort.umschlag), name
    for anfrage in [*portal.anfragen, *leser.anfragen]:
        xta_schema_pruefer(anfrage)


def test_an_empty_message_is_valid_too(gegenstellen: tuple[Any, Any], xta_schema_pruefer: Any) -> None:
    portal, leser = gegenstellen
    kennung, _ = portal.sende([b""])
    xta_schema_pruefer(leser.liste().umschlag)
    xta_schema_pruefer(leser.hole(kennung).umschlag)


def test_plain_answers_with_base64_are_valid(
    tmp_path: Path, xta_gegenstelle: ModuleType, xta_schema_pruefer: Any
) -> None:
    with (
        XtaSimulator(tmp_path, KONTEN) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
        xta_gegenstelle.Gegenstelle(simulator, "leser") as leser,
    ):
        kennung, _ = portal.sende([b"eins", b"", b"drei"])
        simulator.temperament.setze("getMessage", "inline_base64")
        xta_schema_pruefer(leser.hole(kennung).umschlag)


@pytest.mark.parametrize("nummer", sorted(FEHLERNUMMERN))
def test_every_error_number_makes_a_valid_fault(nummer: str, xta_schema_pruefer: Any) -> None:
    xta_schema_pruefer(xta_fehler(XtaFehler(nummer), "urn:action", "urn:uuid:bezug"))


def test_faults_below_xta_are_valid(gegenstellen: tuple[Any, Any], xta_schema_pruefer: Any) -> None:
    portal, leser = gegenstellen
    fehler = [
        portal.rufe("getStatusList", "<o:MsgBoxStatusListRequest/>", port="management"),
        portal.rufe("checkAccountActive", wsa=""),
        portal.rufe("checkAccountActive", kopf='<f:F xmlns:f="urn:f" s:mustUnderstand="1"/>'),
        leser.hole("urn:de:xta:messageid:a:b"),
        leser.rufe("close"),
    ]
    for antwort in fehler:
        assert antwort.status == 500
        xta_schema_pruefer(antwort.umschlag)
    xta_schema_pruefer(soap_fehler(SoapFehler("Text", kode="VersionMismatch"), ""))
