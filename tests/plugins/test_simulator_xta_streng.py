"""The strict simulator: what a lenient server lets pass and a strict one refuses, and what both must take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fachwerk_generic_xta.simulator import Einstellungen, XtaSimulator

LESER = "wbs:130030000000"
UEBERALL = pytest.mark.parametrize("streng", [True, False])


@pytest.fixture
def simulator(tmp_path: Path, xta_gegenstelle: ModuleType, streng: bool) -> Iterator[XtaSimulator]:
    einstellungen = Einstellungen(streng=streng)
    with XtaSimulator(tmp_path, xta_gegenstelle.KONTEN, einstellungen=einstellungen) as laufend:
        yield laufend


def addressiert(portal: Any, werkzeug: ModuleType, vorgang: str, zusatz: str, kennung: str = "urn:uuid:a") -> str:
    return f"<w:Action>{werkzeug.ACTIONS[vorgang][1]}</w:Action><w:MessageID>{kennung}</w:MessageID>{zusatz}"


@UEBERALL
def test_everything_ordinary_passes(simulator: XtaSimulator, portal: Any, leser: Any, streng: bool) -> None:
    kennung, gesendet = portal.sende([b"<a/>", b"", b"anlage"], attribute=' id="teil" lang="de" encoding="UTF-8"')
    assert gesendet.status == 200
    abfrage = leser.liste(form="MsgAtrributes").finde("//o:MsgBoxResponse").get("MsgBoxRequestID")
    assert leser.ids(selektor='<o:MsgSelector newEntry="false"/>') == [kennung]
    assert leser.hole(kennung).inhalte() == [b"<a/>", b"", b"anlage"]
    assert leser.weiter("getNextStatusList", abfrage).status == 200
    assert leser.schliesse(kennung, abfrage=abfrage).status == 200
    assert portal.bericht(kennung).status == 200


@UEBERALL
@pytest.mark.parametrize(
    ("alt", "neu"),
    [
        ('<m:Identifier type="xoev">gae', '<m:Identifier type="xoev" category="">gae'),
        ("<m:Origin>2026-01-02T03:04:05Z", "<m:Origin>gestern"),
        ("</m:Qualifier>", "</m:Qualifier><m:MsgSize>0</m:MsgSize>"),
        ("<m:Subject>Prüfung</m:Subject>", "<m:Betreff>Prüfung</m:Betreff>"),
    ],
)
def test_metadata_against_the_schema_is_refused_only_by_the_strict(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, streng: bool, alt: str, neu: str
) -> None:
    kopf = xta_gegenstelle.metadaten(portal.neue_id(), "gae:portal", LESER)
    assert alt in kopf
    antwort = portal.rufe("sendMessage", xta_gegenstelle.behaelter(["QUJD"]), kopf=kopf.replace(alt, neu))
    assert antwort.status == (500 if streng else 200)
    if streng:
        assert antwort.finde("//s:Fault/s:Code/s:Value").text == "soap:Sender"
        assert "entspricht nicht dem Schema" in antwort.finde("//s:Reason/s:Text").text
        assert "gestern" not in antwort.umschlag.decode(), "the place, not the value"


@UEBERALL
def test_what_the_standard_allows_beyond_our_schemas_passes(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, leser: Any, streng: bool
) -> None:
    kennung = portal.neue_id()
    kopf = xta_gegenstelle.metadaten(kennung, "gae:portal", LESER)
    kopf = kopf.replace("<w:MessageID>", '<w:MessageID w:IsReferenceParameter="false">')
    kopf = kopf.replace("</m:Author>", '<m:SecurityToken usage="SIGNATURE"/></m:Author>')
    rumpf = (
        '<x:GenericContentContainer><e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherData>'
        "<e:CipherValue>QUJD</e:CipherValue></e:CipherData></e:EncryptedData></x:GenericContentContainer>"
    )
    assert portal.rufe("sendMessage", rumpf, kopf=kopf).status == 200
    selektor = f"<o:MsgSelector><w:MessageID>{kennung}</w:MessageID><o:Extension><f/></o:Extension></o:MsgSelector>"
    fetch = f'<o:MsgBoxFetchRequest MsgPart="Envelope">{selektor}</o:MsgBoxFetchRequest>'
    assert leser.rufe("getMessage", fetch).status == 200


@UEBERALL
@pytest.mark.parametrize(
    ("zusatz", "kennung"),
    [
        ("", "urn:uuid:a"),
        ("<w:To>https://anderswo/services/XTAService/MsgBoxPort</w:To>", "urn:uuid:a"),
        ("<w:To>https://x/services/XTAService/ManagementPort</w:To>", "ohne-schema"),
        (
            "<w:To>https://x/services/XTAService/ManagementPort</w:To><w:ReplyTo><w:Address>https://ich/</w:Address>"
            "</w:ReplyTo>",
            "urn:uuid:a",
        ),
    ],
)
def test_the_strict_server_reads_the_addressing(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, portal: Any, streng: bool, zusatz: str, kennung: str
) -> None:
    wsa = addressiert(portal, xta_gegenstelle, "checkAccountActive", zusatz, kennung)
    antwort = portal.rufe("checkAccountActive", wsa=wsa)
    assert antwort.status == (500 if streng else 200)
    if streng:
        assert antwort.finde("//s:Subcode/s:Value").text in (
            "wsa:InvalidAddressingHeader",
            "wsa:MessageAddressingHeaderRequired",
        )


@UEBERALL
def test_an_empty_body_is_empty(simulator: XtaSimulator, portal: Any, streng: bool) -> None:
    antwort = portal.rufe("createMessageId", "<w:MessageID>urn:a</w:MessageID>")
    assert antwort.status == (500 if streng else 200)


@pytest.mark.shared
@pytest.mark.parametrize("streng", [True])
def test_what_the_strict_server_takes_is_valid(
    simulator: XtaSimulator, portal: Any, leser: Any, streng: bool, xta_schema_pruefer: Any
) -> None:
    kennung, _ = portal.sende([b"<a/>", b"b"])
    leser.liste()
    leser.hole(kennung)
    for anfrage in [*portal.anfragen, *leser.anfragen]:
        xta_schema_pruefer(anfrage)
