"""What the simulator of XTA mailboxes refuses, and with which fault: accounts, ids, metadata, envelopes, HTTP."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fachwerk_generic_xta.simulator import Einstellungen, XtaSimulator

LESER = "wbs:130030000000"


def test_one_certificate_may_speak_for_one_of_its_identities(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, leser: Any
) -> None:
    wohnen, _ = portal.sende(leser="wgb:130030000000")
    wbs, _ = portal.sende()
    assert leser.ids() == [wohnen, wbs]
    with xta_gegenstelle.Gegenstelle(simulator, "leser", LESER) as nur_wbs:
        assert nur_wbs.ids() == [wbs]
        assert nur_wbs.hole(wohnen).fehlernummer == "9070"


def test_nobody_sees_the_mailbox_of_another(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, leser: Any
) -> None:
    kennung, _ = portal.sende()
    with xta_gegenstelle.Gegenstelle(simulator, "nachbar") as nachbar:
        assert nachbar.ids() == []
        assert nachbar.hole(kennung).fehlernummer == "9070"
        assert nachbar.schliesse(kennung).fehlernummer == "9070"
        assert nachbar.bericht(kennung).fehlernummer == "9070"
    assert leser.bericht(kennung).fehlernummer == "9070", "the report is the author's"
    with xta_gegenstelle.Gegenstelle(simulator, "nachbar", LESER) as falsch:
        assert falsch.liste().fehlernummer == "9014"
    assert leser.ids() == [kennung]


def test_accounts_are_refused_by_name_and_lock(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    del simulator.konten["vergessen"]
    for konto, nummer in (("gesperrt", "9011"), ("vergessen", "9012")):
        with xta_gegenstelle.Gegenstelle(simulator, konto) as client:
            antwort = client.rufe("checkAccountActive")
            assert (antwort.status, antwort.fehlernummer) == (500, nummer)
            assert len(antwort.alle("//s:Detail/x:PermissionDeniedException")) == 1


def test_an_id_is_used_once_and_only_by_its_account(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any
) -> None:
    kennung, _ = portal.sende()
    assert re.fullmatch(r"urn:de:xta:messageid:portal:[0-9a-f-]{36}", kennung)
    assert portal.sende(kennung=kennung)[1].fehlernummer == "9024"
    assert portal.sende(kennung=kennung.upper())[1].fehlernummer == "9024"
    fremd = "urn:de:xta:messageid:portal:00000000-0000-4000-8000-000000000000"
    assert portal.sende(kennung=fremd)[1].fehlernummer == "9022"
    assert portal.sende(kennung="../../etc/passwd")[1].fehlernummer == "9022"
    with xta_gegenstelle.Gegenstelle(simulator, "nachbar") as nachbar:
        geliehen = nachbar.neue_id()
    assert portal.sende(kennung=geliehen)[1].fehlernummer == "9022"


def test_a_sender_must_be_itself_and_the_reader_must_exist(portal: Any) -> None:
    assert portal.sende(autor="gae:anderes")[1].fehlernummer == "9014"
    assert portal.sende(autor="*")[1].fehlernummer == "9014"
    assert portal.sende(leser="wbs:999999999999")[1].fehlernummer == "9032"


@pytest.mark.parametrize(
    ("alt", "neu", "nummer"),
    [
        ("<m:Service>urn:test:dienst</m:Service>", "", "9020"),
        (' payloadSchema="urn:test:schema"', "", "9020"),
        ('<m:Identifier type="xoev">gae', "<m:Identifier>gae", "9020"),
        ("<code>TEST</code>", "<m:code>TEST</m:code>", "9020"),
        ("</m:Qualifier>", "</m:Qualifier><m:MsgSize>1</m:MsgSize><m:MsgSize>1</m:MsgSize>", "9022"),
    ],
)
def test_incomplete_metadata_is_refused(
    xta_gegenstelle: ModuleType, portal: Any, alt: str, neu: str, nummer: str
) -> None:
    kopf = xta_gegenstelle.metadaten(portal.neue_id(), "gae:portal", LESER)
    assert alt in kopf
    rumpf = xta_gegenstelle.behaelter(["QUJD"])
    assert portal.rufe("sendMessage", rumpf, kopf=kopf.replace(alt, neu)).fehlernummer == nummer


def test_a_size_that_lies_is_refused(portal: Any) -> None:
    assert portal.sende([b"123"], attribute=' size="4"')[1].fehlernummer == "9022"
    assert portal.sende([b""], attribute=' size="0"')[1].fehlernummer == "9022"
    assert portal.sende([b"123"], attribute=' size="3"')[1].status == 200


def test_too_much_is_refused_and_the_connection_lives_on(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    with (
        XtaSimulator(tmp_path, xta_gegenstelle.KONTEN, einstellungen=Einstellungen(groessengrenze=1000)) as simulator,
        xta_gegenstelle.Gegenstelle(simulator, "portal") as portal,
    ):
        assert portal.sende([b"a" * 600, b"b" * 401])[1].fehlernummer == "9023"
        assert portal.sende([b"a" * 600, b"b" * 400])[1].status == 200
        assert list((tmp_path / "annahme").iterdir()) == [], "nothing is left of what was refused"


def test_unknown_operations_get_the_fault_of_ws_addressing(xta_gegenstelle: ModuleType, portal: Any) -> None:
    wsa = "<w:Action>http://www.xta.de/XTA/OpenMessage</w:Action><w:MessageID>urn:uuid:a</w:MessageID>"
    umschlag = portal.umschlag("", "", None, wsa)
    antwort = xta_gegenstelle.lies_antwort(
        portal.client.post(
            portal.urls["management"], content=umschlag, headers={"Content-Type": "application/soap+xml"}
        )
    )
    assert antwort.status == 500
    assert antwort.finde("//s:Fault/s:Code/s:Subcode/s:Value").text == "wsa:ActionNotSupported"
    assert antwort.finde("//s:Detail/w:ProblemAction/w:Action").text.endswith("OpenMessage")
    falscher_ort = portal.rufe("getStatusList", "<o:MsgBoxStatusListRequest/>", port="management")
    assert falscher_ort.finde("//s:Fault/s:Code/s:Subcode/s:Value").text == "wsa:ActionNotSupported"


@pytest.mark.parametrize(
    ("wsa", "kode"),
    [
        ("", "wsa:MessageAddressingHeaderRequired"),
        ("<w:Action>urn:a</w:Action>", "wsa:MessageAddressingHeaderRequired"),
        ("<w:Action>urn:a</w:Action><w:MessageID>urn:b</w:MessageID>", "wsa:InvalidAddressingHeader"),
    ],
)
def test_addressing_is_mandatory_and_must_agree(portal: Any, wsa: str, kode: str) -> None:
    assert portal.rufe("checkAccountActive", wsa=wsa).finde("//s:Subcode/s:Value").text == kode


def test_a_mandatory_header_nobody_knows_is_refused(portal: Any) -> None:
    kopf = '<f:Fremd xmlns:f="urn:fremd" s:mustUnderstand="true"/>'
    assert portal.rufe("checkAccountActive", kopf=kopf).finde("//s:Code/s:Value").text == "soap:MustUnderstand"


@pytest.mark.parametrize(
    "umschlag",
    [
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        b"<a>",
        b"",
        b"<a/>",
        b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>",
        b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>",
        b"<a>" * 200,
    ],
)
def test_what_is_no_envelope_gets_a_fault(xta_gegenstelle: ModuleType, portal: Any, umschlag: bytes) -> None:
    antwort = portal.client.post(
        portal.urls["management"], content=umschlag, headers={"Content-Type": "application/soap+xml"}
    )
    assert antwort.status_code == 500
    assert len(xta_gegenstelle.lies_antwort(antwort).alle("/s:Envelope/s:Body/s:Fault")) == 1


def test_a_multipart_that_lost_something_is_refused(xta_gegenstelle: ModuleType, portal: Any, leser: Any) -> None:
    kopf = xta_gegenstelle.metadaten(portal.neue_id(), "gae:portal", LESER)
    rumpf = xta_gegenstelle.behaelter(['<i:Include href="cid:a@test"/>'])
    ohne = portal.rufe("sendMessage", rumpf, kopf=kopf)
    verwaist = portal.rufe("sendMessage", rumpf, kopf=kopf, teile=[("a@test", b"1"), ("b@test", b"2")])
    doppelt = portal.rufe(
        "sendMessage",
        xta_gegenstelle.behaelter(['<i:Include href="cid:a@test"/>'] * 2),
        kopf=kopf,
        teile=[("a@test", b"1")],
    )
    assert [antwort.status for antwort in (ohne, verwaist, doppelt)] == [500, 500, 500]
    action = xta_gegenstelle.ACTIONS["sendMessage"][1]
    content_type, koerper = xta_gegenstelle.mehrteilig(portal.umschlag(action, rumpf, kopf), action, [("a@test", b"1")])
    abgeschnitten = portal.client.post(
        portal.urls["send"], content=koerper[:-6], headers={"Content-Type": content_type}
    )
    assert abgeschnitten.status_code == 500
    assert leser.ids() == []


def test_http_mistakes_are_answered_as_http(portal: Any) -> None:
    client, url = portal.client, portal.urls["management"]
    assert client.get(url).status_code == 405
    assert client.post(url + "x", content=b"").status_code == 404
    assert client.post(url, content=b"a", headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.delete(url).status_code == 501


def test_lookup_says_who_can_be_reached(portal: Any) -> None:
    frage = (
        "<x:LookupServiceRequestList><x:LookupService><m:Reader><m:Identifier type='xoev'>{}</m:Identifier></m:Reader>"
        "<x:ServiceType>urn:test:dienst</x:ServiceType></x:LookupService></x:LookupServiceRequestList>"
    )
    rumpf = "".join(frage.format(leser) for leser in (LESER, "wbs:999999999999"))
    antwort = portal.rufe("lookupService", f"<x:LookupServiceRequest>{rumpf}</x:LookupServiceRequest>")
    assert [element.text for element in antwort.alle("//x:ServiceIsAvailable")] == ["true", "false"]
