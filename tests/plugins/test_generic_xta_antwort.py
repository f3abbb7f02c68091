"""Answer envelopes as the mailbox writes them, read into values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fachwerk_generic_xta.codec211.antworten import fault, nachricht_id, status_liste, transport_bericht
from fachwerk_generic_xta.fehler import AntwortFehler
from fachwerk_generic_xta.nachricht import XtaFault
from fachwerk_generic_xta.soap import lies_umschlag

ID = "urn:de:xta:messageid:portal:1"


def umschlag(koerper: str, kopf: str = "") -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" '
        'xmlns:x="http://xoev.de/transport/xta/211" xmlns:m="http://www.osci.eu/ws/2014/10/transport" '
        'xmlns:o="http://www.osci.eu/ws/2008/05/transport" xmlns:i="http://www.w3.org/2004/08/xop/include" '
        f'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><s:Header><a:MessageID>urn:uuid:aufruf</a:MessageID>{kopf}'
        f"</s:Header><s:Body>{koerper}</s:Body></s:Envelope>"
    ).encode()


def metadatenkopf(kennung: str = ID, test: str = "", zugestellt: str = "2026-03-02T08:00:00+01:00") -> str:
    return (
        f"<m:MessageMetaData {test}><m:DeliveryAttributes><m:Delivery>{zugestellt}</m:Delivery>"
        "</m:DeliveryAttributes><m:Originators><m:Author><m:Identifier type='xoev'> gae:portal </m:Identifier>"
        f"</m:Author></m:Originators><m:MsgIdentification><a:MessageID>{kennung}</a:MessageID></m:MsgIdentification>"
        "</m:MessageMetaData>"
    )


def test_a_page_of_the_mailbox_is_read_with_every_entry() -> None:
    eintraege = (
        metadatenkopf("urn:1", 'TestMsg=" 1 "')
        + metadatenkopf("urn:2", 'TestMsg="false"', zugestellt="gestern")
        + metadatenkopf("")
        + metadatenkopf("urn:" + "x" * 300)
        + "<o:MsgAttributes><a:MessageID>urn:3</a:MessageID><o:MsgSize>7</o:MsgSize>"
        "<o:DeliveryTime>2026-03-02T08:00:00Z</o:DeliveryTime></o:MsgAttributes>"
    )
    kopf = '<o:MsgBoxResponse MsgBoxRequestID="urn:r"><o:ItemsPending>0</o:ItemsPending></o:MsgBoxResponse>'
    seite = status_liste(lies_umschlag(umschlag(f"<o:MsgStatusList>{eintraege}</o:MsgStatusList>", kopf)))
    assert [eintrag.nachricht_id for eintrag in seite.eintraege] == ["urn:1", "urn:2", "urn:3"]
    assert [eintrag.test for eintrag in seite.eintraege] == [True, False, False]
    assert seite.eintraege[1].zugestellt is None
    assert (seite.eintraege[2].groesse, seite.offen, seite.anfrage_id, seite.unlesbar) == (7, 0, "urn:r", 2)


def test_an_empty_mailbox_is_no_error_but_a_missing_list_is() -> None:
    leer = '<o:MsgBoxResponse MsgBoxRequestID="urn:r"><o:NoMessageAvailable reason="urn:NoMatch"/></o:MsgBoxResponse>'
    seite = status_liste(lies_umschlag(umschlag("", leer)))
    assert (seite.eintraege, seite.offen, seite.grund) == ((), None, "urn:NoMatch")
    with pytest.raises(AntwortFehler, match="xta"):
        status_liste(lies_umschlag(umschlag("")))


def test_a_new_id_and_a_report_are_read() -> None:
    assert nachricht_id(lies_umschlag(umschlag(f"<a:MessageID>{ID}</a:MessageID>"))) == ID
    with pytest.raises(AntwortFehler, match="xta"):
        nachricht_id(lies_umschlag(umschlag("<a:MessageID/>")))
    bericht = (
        f"<x:TransportReport>{metadatenkopf()}<x:ReportTime>2026-03-02T09:00:00Z</x:ReportTime>"
        "<x:XTAServerIdentity>srv</x:XTAServerIdentity><x:MessageStatus><x:Status>2</x:Status><x:WarnList><x:Warning>"
        "<x:Timestamp>2026-03-02T09:00:00Z</x:Timestamp><x:Code><code>W1</code></x:Code><x:Reason>spät</x:Reason>"
        "</x:Warning></x:WarnList></x:MessageStatus></x:TransportReport>"
    )
    gelesen = transport_bericht(lies_umschlag(umschlag(bericht)))
    assert (gelesen.status, gelesen.offen, gelesen.server) == (2, False, "srv")
    assert [(e.stufe, e.code, e.text) for e in gelesen.eintraege] == [("warning", "W1", "spät")]


def test_a_fault_is_read_to_its_number_and_an_answer_without_one_has_none() -> None:
    assert fault(lies_umschlag(umschlag(""))) is None
    detail = (
        "<x:CancelDeniedException><x:errorCode><code>9100</code><name>n</name></x:errorCode></x:CancelDeniedException>"
    )
    kern = "<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>weil</s:Text></s:Reason>"
    voll = umschlag(f"<s:Fault>{kern}<s:Detail>{detail}</s:Detail></s:Fault>")
    assert fault(lies_umschlag(voll)) == XtaFault("Sender", "CancelDeniedException", "9100", "n", "weil")
    assert fault(lies_umschlag(umschlag(f"<s:Fault>{kern}</s:Fault>"))) == XtaFault("Sender", grund="weil")
    ohne = umschlag(f"<s:Fault>{kern}<s:Detail><x:SyncAsyncException/></s:Detail></s:Fault>")
    assert fault(lies_umschlag(ohne)) == XtaFault("Sender", "SyncAsyncException", grund="weil")


@pytest.mark.parametrize("zeit", ["2026-03-02T08:00:00", "gestern", ""])
def test_a_time_that_is_no_point_in_time_is_unknown(zeit: str) -> None:
    seite = umschlag(f"<o:MsgStatusList>{metadatenkopf(zugestellt=zeit)}</o:MsgStatusList>")
    assert status_liste(lies_umschlag(seite)).eintraege[0].zugestellt is None


def test_an_envelope_in_utf_16_is_read_too() -> None:
    text = umschlag(f"<a:MessageID>{ID}</a:MessageID>").decode()
    assert nachricht_id(lies_umschlag(('<?xml version="1.0" encoding="UTF-16"?>' + text).encode("utf-16"))) == ID


def test_the_delivery_time_keeps_its_moment() -> None:
    seite = status_liste(lies_umschlag(umschlag(f"<o:MsgStatusList>{metadatenkopf()}</o:MsgStatusList>")))
    assert seite.eintraege[0].zugestellt == datetime(2026, 3, 2, 7, tzinfo=UTC)
