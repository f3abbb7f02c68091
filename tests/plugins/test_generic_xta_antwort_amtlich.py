"""Answers as the official schemas allow them, with everything they may hold: the client keeps all of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.errors import StepError
from fachwerk.modell import Kanal
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import MIB, Adressen, Faehigkeiten, XtaClient
from fachwerk_generic_xta.fehler import AntwortFehler, NachrichtUnbekannt
from fachwerk_generic_xta.mapping import eingang
from fachwerk_generic_xta.nachricht import (
    Abholung,
    Dienstauskunft,
    Dienstfrage,
    Dienstparameter,
    Eigenschaft,
    Listenwert,
    Metadaten,
    Partei,
    Protokolleintrag,
    Quittungsart,
    Vorgangsbezug,
    Zusatzbericht,
)

ID = "urn:de:xta:messageid:portal:1"
ZEIT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
T = "2026-03-02T08:30:00Z"
LESER = '<m:Reader><m:Identifier type="xoev" category="Amt" name="Musterow">wbs:1</m:Identifier></m:Reader>'
WER = Partei("wbs:1", "xoev", "Amt", "Musterow")
REICH = (
    f'<m:MessageMetaData TestMsg="1"><m:DeliveryAttributes><m:Origin>{T}</m:Origin><m:InitialSend>{T}</m:InitialSend>'
    f"<m:NotBefore>{T}</m:NotBefore><m:ObsoleteAfter>2026-04-01+02:00</m:ObsoleteAfter><m:Delivery>{T}</m:Delivery>"
    f"<m:InitialFetch>{T}</m:InitialFetch><m:Reception>{T}</m:Reception><m:ServiceQuality>eilig</m:ServiceQuality>"
    "<m:ReceiptRequests><m:Delivery/><m:Reception/><m:ReceiptTo><a:Address>urn:an</a:Address></m:ReceiptTo>"
    "</m:ReceiptRequests></m:DeliveryAttributes><m:Originators>"
    '<m:Author><m:Identifier type="xoev">gae:portal</m:Identifier></m:Author>'
    '<m:Sender><m:Identifier type="xoev">gae:knoten</m:Identifier></m:Sender>'
    '<m:ReplyTo><m:Identifier type="xoev">gae:antwort</m:Identifier></m:ReplyTo></m:Originators><m:Destinations>'
    f'{LESER}<m:OtherDestinations><m:OtherReaders type="xoev">wbs:2</m:OtherReaders>'
    '<m:CcReaders type="xoev">wbs:3</m:CcReaders></m:OtherDestinations></m:Destinations><m:MsgIdentification>'
    f"<a:MessageID>{ID}</a:MessageID><m:In-Reply-To>urn:frage</m:In-Reply-To><m:ProcessRef>"
    '<m:Requester ProccesName="Antrag">A-1</m:Requester><m:Responder>B-2</m:Responder></m:ProcessRef>'
    "</m:MsgIdentification><m:Qualifier><m:Subject>Betreff</m:Subject><m:Service>urn:dienst</m:Service>"
    '<m:BusinessScenario><m:Defined listURI="urn:l" listVersionID="3"><code>FIM</code><name>Antrag</name></m:Defined>'
    '</m:BusinessScenario><m:MessageType listURI="urn:t" listVersionID="1" payloadSchema="urn:s"><code>n.1</code>'
    '</m:MessageType></m:Qualifier><m:MessageProperties><m:Property><m:Key listURI="urn:e" listVersionID="1">'
    "<code>k</code></m:Key><m:Value>wert</m:Value></m:Property></m:MessageProperties><m:MsgSize>7</m:MsgSize>"
    "</m:MessageMetaData>"
)
KOPF = Metadaten(
    ID,
    Partei("gae:portal"),
    WER,
    "urn:dienst",
    Listenwert("FIM", "urn:l", "3", "Antrag"),
    Listenwert("n.1", "urn:t", "1"),
    "urn:s",
    "Betreff",
    True,
    erstellt=ZEIT,
    gesendet=ZEIT,
    zugestellt=ZEIT,
    zuerst_abgeholt=ZEIT,
    groesse=7,
    nicht_vor=ZEIT,
    gueltig_bis=date(2026, 4, 1),
    angenommen=ZEIT,
    dienstguete="eilig",
    quittungen=frozenset({Quittungsart.ZUSTELLUNG, Quittungsart.EMPFANG}),
    quittung_an="urn:an",
    sender=Partei("gae:knoten"),
    antwort_an=Partei("gae:antwort"),
    weitere_leser=(Partei("wbs:2"),),
    kopie_an=(Partei("wbs:3"),),
    antwort_auf=("urn:frage",),
    vorgang_autor=Vorgangsbezug("A-1", "Antrag"),
    vorgang_leser=Vorgangsbezug("B-2"),
    eigenschaften=(Eigenschaft(Listenwert("k", "urn:e", "1"), "wert"),),
)


def umschlag(rumpf: str, kopf: str = "") -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" '
        'xmlns:x="http://xoev.de/transport/xta/211" xmlns:m="http://www.osci.eu/ws/2014/10/transport" '
        'xmlns:o="http://www.osci.eu/ws/2008/05/transport" xmlns:i="http://www.w3.org/2004/08/xop/include" '
        'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><s:Header><a:Action>urn:a</a:Action>'
        f"<a:MessageID>urn:uuid:aufruf</a:MessageID>{kopf}</s:Header><s:Body>{rumpf}</s:Body></s:Envelope>"
    ).encode()


def box(offen: str = "<o:ItemsPending>0</o:ItemsPending>") -> str:
    return f'<o:MsgBoxResponse MsgBoxRequestID="urn:r:7">{offen}</o:MsgBoxResponse>'


LEER = box('<o:NoMessageAvailable reason="http://www.osci.eu/ws/2008/05/transport/MsgBox/reasons/NoMatch"/>')
CONTAINER = (
    "<x:GenericContentContainer><x:ContentContainer>"
    '<x:Message contentType="text/xml" contentDescription="Antrag" encoding="UTF-8" filename="a.xml" id="1" lang="de" '
    'size="4">{}</x:Message><x:Attachment contentType="a/b">{}</x:Attachment></x:ContentContainer>'
    "</x:GenericContentContainer>"
)
INLINE = CONTAINER.format("PGEvPg==", "")
ATTRIBUTE = (
    f"<o:MsgAttributes><a:MessageID>{ID}</a:MessageID><a:RelatesTo>urn:frage</a:RelatesTo>"
    "<o:TypeOfBusinessScenario>urn:b</o:TypeOfBusinessScenario><o:MsgSize>7</o:MsgSize>"
    f"<o:ObsoleteAfterDate>2026-04-01</o:ObsoleteAfterDate><o:DeliveryTime>{T}</o:DeliveryTime>"
    f"<o:InitialFetchedTime>{T}</o:InitialFetchedTime></o:MsgAttributes>"
)


def ergebnis(dienst: str, verfuegbar: str, parameter: str = "") -> str:
    return (
        f"<x:LookupServiceResult>{LESER}<x:ServiceType>{dienst}</x:ServiceType><x:IsServiceAvailableValue>{verfuegbar}"
        f"</x:IsServiceAvailableValue>{parameter}</x:LookupServiceResult>"
    )


PARAMETER = (
    '<x:ServiceParameter><x:ParameterType listURI="urn:p" listVersionID="1"><code>zertifikat</code></x:ParameterType>'
    "<x:Resource>{}</x:Resource></x:ServiceParameter>"
)
AUSKUNFT = (
    "<x:LookupServiceResponse><x:LookupServiceResultList>{}</x:LookupServiceResultList></x:LookupServiceResponse>"
)
DIENSTE = AUSKUNFT.format(
    ergebnis("urn:ja", "<x:ServiceIsAvailable>1</x:ServiceIsAvailable>", PARAMETER.format("QUJD"))
    + ergebnis("urn:nein", "<x:ServiceIsAvailable>false</x:ServiceIsAvailable>")
    + ergebnis("urn:unbekannt", "<x:ServiceIsAvailableUnknown>true</x:ServiceIsAvailableUnknown>")
    + '<x:LookupServiceResult xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
)
BERICHT = (
    f"<x:TransportReport>{REICH}<x:ReportTime>{T}</x:ReportTime><x:XTAServerIdentity>srv</x:XTAServerIdentity>"
    f"<x:MessageStatus><x:Status>3</x:Status><x:ErrorList><x:Error><x:Timestamp>{T}</x:Timestamp>"
    '<x:Code listURI="urn:c" listVersionID="1"><code>E1</code></x:Code><x:Reason>kaputt</x:Reason></x:Error>'
    f"</x:ErrorList><x:WarnList/><x:InfoList><x:Info><x:Timestamp>{T}</x:Timestamp>"
    '<x:Code listURI="urn:c" listVersionID="1"><code>I1</code></x:Code><x:Reason>kam an</x:Reason></x:Info>'
    "</x:InfoList></x:MessageStatus><x:AdditionalReports><x:Report>"
    '<x:Key listURI="urn:k" listVersionID="1"><code>laufzettel</code></x:Key><x:Data>{}</x:Data></x:Report>'
    "</x:AdditionalReports></x:TransportReport>"
)
GEHEIM = (
    "<x:GenericContentContainer><e:EncryptedData><e:CipherData><e:CipherValue>QUJD</e:CipherValue></e:CipherData>"
    "</e:EncryptedData></x:GenericContentContainer>"
)


def fault(ausnahme: str, code: str) -> bytes:
    return umschlag(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang='de'>t</s:Text></s:Reason>"
        f"<s:Detail><x:{ausnahme}><x:errorCode listURI='urn:de:xta:webservice:codeliste:fehlernummer' "
        f"listVersionID='1.0'><code>{code}</code><name>n</name></x:errorCode></x:{ausnahme}></s:Detail></s:Fault>"
    )


ANTWORTEN = {
    "nichts": umschlag(""),
    "kennung": umschlag(f"<a:MessageID>{ID}</a:MessageID>"),
    "dienste": umschlag(DIENSTE),
    "liste": umschlag(f"<o:MsgStatusList>{REICH}</o:MsgStatusList>", box("<o:ItemsPending>12</o:ItemsPending>")),
    "attribute": umschlag(f"<o:MsgStatusList>{ATTRIBUTE}</o:MsgStatusList>", box()),
    "liste_leer": umschlag("<o:MsgStatusList/>", LEER),
    "nachricht": umschlag(INLINE, REICH + box()),
    "keine_nachricht": umschlag("", LEER),
    "verschluesselt": umschlag(GEHEIM, REICH + box()),
    "bericht": umschlag(BERICHT.format("QUJD")),
    "zu_spaet": fault("CancelDeniedException", "9100"),
    "ohne_wartezeit": fault("CancelDeniedException", "9101"),
    "unbekannt": fault("InvalidMessageIDException", "9070"),
}


def client(inhalt: bytes, *teile: tuple[str, bytes]) -> XtaClient:
    """A client whose mailbox always says the same: plain, or with ``teile`` in MIME parts."""
    kopf, koerper = {"content-type": "application/soap+xml"}, inhalt
    if teile:
        kopf = {"content-type": 'multipart/related; boundary="g"; start="<w>"'}
        koerper = b"".join(
            b"\r\n--g\r\nContent-ID: <%s>\r\n\r\n%s" % (k.encode(), d) for k, d in [("w", inhalt), *teile]
        )
        koerper += b"\r\n--g--"
    antwort = httpx.MockTransport(lambda anfrage: httpx.Response(200, headers=kopf, content=koerper))
    adressen = Adressen("https://m/", "https://p/", "https://v/")
    kann = Faehigkeiten(blaettern=True, zurueckziehen=True)
    return XtaClient(adressen, Partei("wbs:1"), httpx.Client(transport=antwort), faehigkeiten=kann)


@pytest.mark.shared
@pytest.mark.parametrize("name", ANTWORTEN)
def test_the_official_schemas_allow_these_answers(name: str, xta_schema_pruefer: Callable[[bytes], None]) -> None:
    xta_schema_pruefer(ANTWORTEN[name])


def test_the_head_of_a_message_is_read_to_the_last_element() -> None:
    assert client(ANTWORTEN["nachricht"]).fetch(ID, SpeicherInhalt()).metadaten == KOPF
    assert client(ANTWORTEN["liste"]).list().eintraege == (KOPF,)
    assert client(ANTWORTEN["bericht"]).report(ID).metadaten == KOPF


def test_the_short_form_of_an_entry_says_less_and_that_is_kept() -> None:
    (eintrag,) = client(ANTWORTEN["attribute"]).list().eintraege
    assert (eintrag.nachricht_id, eintrag.antwort_auf, eintrag.groesse) == (ID, ("urn:frage",), 7)
    assert (eintrag.gueltig_bis, eintrag.zugestellt, eintrag.zuerst_abgeholt) == (date(2026, 4, 1), ZEIT, ZEIT)


def test_a_clear_no_is_not_the_same_as_no_answer() -> None:
    ja, nein, unbekannt = client(ANTWORTEN["dienste"]).lookup([Dienstfrage(WER, "urn:ja")])
    zertifikat = Dienstparameter(Listenwert("zertifikat", "urn:p", "1"), b"ABC")
    assert ja == Dienstauskunft(Dienstfrage(WER, "urn:ja"), True, (zertifikat,))
    assert (nein.frage.dienst, nein.verfuegbar) == ("urn:nein", False)
    assert (unbekannt.frage.dienst, unbekannt.verfuegbar) == ("urn:unbekannt", None)


def test_what_the_directory_says_may_come_in_parts_and_must_all_be_there() -> None:
    parameter = PARAMETER.format('<i:Include href="cid:z%40x"/>')
    inhalt = umschlag(AUSKUNFT.format(ergebnis("urn:ja", "<x:ServiceIsAvailable>1</x:ServiceIsAvailable>", parameter)))
    (auskunft,) = client(inhalt, ("z@x", b"\x00PDF")).lookup([Dienstfrage(WER, "urn:ja")])
    assert auskunft.parameter[0].daten == b"\x00PDF"
    for unvollstaendig in (client(inhalt), client(inhalt, ("y@x", b"PDF")), client(inhalt, ("z@x", bytes(11 * MIB)))):
        with pytest.raises(AntwortFehler) as fehler:
            unvollstaendig.lookup([Dienstfrage(WER, "urn:ja")])
        assert fehler.value.grund == "verweis_ohne_teil"


@pytest.mark.parametrize(
    ("daten", "teile", "gelesen"),
    [
        ('<i:Include href="cid:z%40x"/>', [("y@x", b"1"), ("z@x", b"\x00PDF")], b"\x00PDF"),
        ('<i:Include href="cid:z%40x"/>', [("z@x", bytes(11 * MIB))], None),
        ('<i:Include href="cid:z%40x"/>', [("y@x", b"1")], None),
        ("QU", [], None),
    ],
    ids=["als_teil", "zu_gross", "teil_fehlt", "kein_base64"],
)
def test_what_was_added_to_a_report_never_hides_what_became_of_the_message(
    daten: str, teile: list[tuple[str, bytes]], gelesen: bytes | None
) -> None:
    bericht = client(umschlag(BERICHT.format(daten)), *teile).report(ID)
    assert (bericht.status, bericht.zusatz[0].daten) == (3, gelesen)


def test_a_report_keeps_its_lines_and_what_was_added() -> None:
    bericht = client(ANTWORTEN["bericht"]).report(ID)
    assert (bericht.status, bericht.offen, bericht.server, bericht.zeit) == (3, False, "srv", ZEIT)
    assert bericht.eintraege == (
        Protokolleintrag("error", ZEIT, "E1", "kaputt"),
        Protokolleintrag("info", ZEIT, "I1", "kam an"),
    )
    assert bericht.zusatz == (Zusatzbericht(Listenwert("laufzettel", "urn:k", "1"), b"ABC"),)


def test_the_next_page_is_read_like_the_first() -> None:
    assert client(ANTWORTEN["liste"]).next_list("urn:r:7") == client(ANTWORTEN["liste"]).list()
    leer = client(ANTWORTEN["liste_leer"]).next_list("urn:r:7", ["urn:1"])
    assert (leer.eintraege, leer.offen, leer.grund.rpartition("/")[2]) == ((), None, "NoMatch")


def test_the_next_message_is_read_like_any_other_and_behind_the_last_there_is_none() -> None:
    inhalt = SpeicherInhalt()
    abholung = client(ANTWORTEN["nachricht"]).fetch_next("urn:r:7", inhalt)
    assert abholung is not None
    assert (abholung.metadaten, abholung.anfrage_id) == (KOPF, "urn:r:7")
    assert [inhalt.bytes_von[teil.id] for teil in abholung.teile] == [b"<a/>", b""]
    assert [(a.kodierung, a.kennung, a.sprache, a.groesse) for a in abholung.angaben] == [
        ("UTF-8", "1", "de", 4),
        ("", "", "", None),
    ]
    assert client(ANTWORTEN["keine_nachricht"]).fetch_next("urn:r:7", inhalt, [ID]) is None
    with pytest.raises(NachrichtUnbekannt):
        client(ANTWORTEN["unbekannt"]).fetch_next("urn:r:7", inhalt)


def test_a_message_the_mailbox_does_not_have_is_unknown_however_it_says_so() -> None:
    for antwort in ("keine_nachricht", "unbekannt"):
        with pytest.raises(NachrichtUnbekannt):
            client(ANTWORTEN[antwort]).fetch(ID, SpeicherInhalt())


def test_an_encrypted_message_stays_what_it_is_inside_or_as_a_part() -> None:
    inhalt = SpeicherInhalt()
    abholung = client(ANTWORTEN["verschluesselt"]).fetch(ID, inhalt)
    assert (abholung.verschluesselt, abholung.metadaten, abholung.angaben) == (True, KOPF, ())
    assert [inhalt.bytes_von[teil.id] for teil in abholung.teile] == [ANTWORTEN["verschluesselt"]]
    roh = ANTWORTEN["verschluesselt"].replace(b"QUJD", b'<i:Include href="cid:c@x"/>')
    abholung = client(roh, ("c@x", base64.b64decode("QUJD") * 1000)).fetch(ID, inhalt)
    assert [inhalt.bytes_von[teil.id] for teil in abholung.teile] == [roh, b"ABC" * 1000]


def test_taking_back_works_or_says_why_not() -> None:
    client(ANTWORTEN["nichts"]).cancel(ID)
    for antwort, code in (("zu_spaet", "xta.9100"), ("ohne_wartezeit", "xta.9101")):
        with pytest.raises(StepError) as fehler:
            client(ANTWORTEN[antwort]).cancel(ID)
        assert fehler.value.code == code


@pytest.mark.parametrize("vorgang", ["lookup", "list", "report", "fetch_next"])
def test_an_empty_answer_where_one_is_needed_is_unreadable(vorgang: str) -> None:
    argumente: dict[str, tuple[object, ...]] = {
        "lookup": ([Dienstfrage(WER, "urn:x")],),
        "report": (ID,),
        "fetch_next": ("urn:r", SpeicherInhalt()),
    }
    with pytest.raises(AntwortFehler):
        getattr(client(ANTWORTEN["nichts"]), vorgang)(*argumente.get(vorgang, ()))


@pytest.mark.parametrize("feld", [feld.name for feld in fields(Metadaten)])
def test_an_eingang_keeps_every_word_of_the_head(feld: str) -> None:
    leer = Metadaten(ID, Partei("gae:anders", "anders"), Partei("wbs:9", "anders"))
    anders = (
        replace(KOPF, nachricht_id="urn:anders")
        if feld == "nachricht_id"
        else replace(KOPF, **{feld: getattr(leer, feld)})
    )
    kanal = Kanal(name="postfach", plugin="generic_xta")
    mit, ohne = (
        eingang(kanal, kopf, Abholung(kopf, "urn:r", ()), "urn:r", ZEIT).model_dump() for kopf in (KOPF, anders)
    )
    assert mit != ohne


@given(
    st.sampled_from(sorted(ANTWORTEN)), st.integers(0, 4000), st.integers(0, 200), st.booleans(), st.binary(max_size=4)
)
@settings(max_examples=70, deadline=None)
def test_a_damaged_answer_is_refused_or_read_but_breaks_nothing(
    name: str, ab: int, laenge: int, doppelt: bool, dazu: bytes
) -> None:
    ganz = ANTWORTEN[name]
    ab %= len(ganz)
    inhalt = ganz[: ab + laenge if doppelt else ab] + dazu + ganz[ab if doppelt else ab + laenge :]
    vorgaenge: list[Callable[[XtaClient], object]] = [
        XtaClient.check,
        XtaClient.new_id,
        XtaClient.list,
        lambda xta: xta.lookup([Dienstfrage(WER, "urn:ja")]),
        lambda xta: xta.report(ID),
        lambda xta: xta.fetch(ID, SpeicherInhalt()),
        lambda xta: xta.fetch_next("urn:r", SpeicherInhalt()),
        lambda xta: xta.close([ID], "urn:r"),
    ]
    for vorgang in vorgaenge:
        with suppress(StepError):
            vorgang(client(inhalt))
