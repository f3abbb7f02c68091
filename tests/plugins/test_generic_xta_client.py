"""The client against answers of every kind: complete ones are kept whole, all others leave nothing behind."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx
import pytest

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import Adressen, Groessen, XtaClient
from fachwerk_generic_xta.fehler import AntwortFehler, NachrichtUnbekannt
from fachwerk_generic_xta.mehrteilig import lies_teile
from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei

ID = "urn:de:xta:messageid:portal:1"
KOPF = Metadaten(
    ID,
    Partei("gae:portal"),
    Partei("wbs:1"),
    "urn:dienst",
    Listenwert("FIM", "urn:l", "1"),
    Listenwert("n.1", "urn:t", "1.0"),
    "urn:s",
    erstellt=datetime(2026, 3, 2, tzinfo=UTC),
)
UEBLICH = Groessen()
Antworter = Callable[[httpx.Request], httpx.Response]


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


def behaelter(*teile: str) -> bytes:
    inhalt = "".join(teile)
    return umschlag(
        f"<x:GenericContentContainer><x:ContentContainer>{inhalt}</x:ContentContainer></x:GenericContentContainer>",
        metadatenkopf() + '<o:MsgBoxResponse MsgBoxRequestID="urn:anfrage:7"><o:ItemsPending>0</o:ItemsPending>'
        "</o:MsgBoxResponse>",
    )


def mit_verweis(name: str, href: str, attribute: str = "") -> str:
    return f'<x:{name} contentType="application/xml" {attribute}><i:Include href="{href}"/></x:{name}>'


def mehrteilig(*teile: tuple[str, bytes], start: str = "wurzel@x", schluss: str = "\r\n--g--") -> httpx.Response:
    koerper = b"".join(
        f"\r\n--g\r\nContent-Type: application/octet-stream\r\nContent-ID: <{kennung}>\r\n\r\n".encode() + inhalt
        for kennung, inhalt in teile
    )
    kopf = {"content-type": f'multipart/related; type="application/xop+xml"; boundary="g"; start="<{start}>"'}
    return httpx.Response(200, headers=kopf, content=koerper + schluss.encode())


def einfach(inhalt: bytes, status: int = 200, typ: str = "application/soap+xml; charset=utf-8") -> httpx.Response:
    return httpx.Response(status, headers={"content-type": typ}, content=inhalt)


def fault(ausnahme: str = "", code: str = "", soap: str = "Sender") -> bytes:
    detail = (
        f"<s:Detail><x:{ausnahme}><x:errorCode><code>{code}</code><name>n</name></x:errorCode></x:{ausnahme}></s:Detail>"
        if ausnahme
        else ""
    )
    return umschlag(
        f"<s:Fault><s:Code><s:Value>s:{soap}</s:Value></s:Code><s:Reason><s:Text>t</s:Text></s:Reason>{detail}</s:Fault>"
    )


def client(antworte: Antworter | httpx.Response, groessen: Groessen = UEBLICH) -> XtaClient:
    fest = antworte
    antworter: Antworter = (lambda anfrage: fest) if isinstance(fest, httpx.Response) else fest
    http = httpx.Client(transport=httpx.MockTransport(antworter))
    return XtaClient(Adressen("https://m/", "https://p/", "https://v/"), Partei("wbs:1"), http, groessen)


def hole(antwort: httpx.Response, groessen: Groessen = UEBLICH) -> tuple[list[Teil], list[bytes]]:
    inhalt = SpeicherInhalt()
    abholung = client(antwort, groessen).fetch(ID, inhalt)
    return list(abholung.teile), [inhalt.bytes_von[teil.id] for teil in abholung.teile]


ZWEI = behaelter(
    mit_verweis("Message", "cid:a@x", 'filename="antrag.xml" size="4"'),
    mit_verweis("Attachment", "cid:b@x", 'filename="antrag.xml" contentDescription="Plan"'),
)


def test_a_message_with_equal_file_names_keeps_both_parts() -> None:
    antwort = mehrteilig(("wurzel@x", ZWEI), ("a@x", b"<a/>"), ("b@x", b"PDF"))
    teile, inhalte = hole(antwort)
    assert inhalte == [b"<a/>", b"PDF"]
    assert [(teil.name, teil.medientyp, teil.beschreibung) for teil in teile] == [
        ("antrag.xml", "application/xml", ""),
        ("antrag.xml", "application/xml", "Plan"),
    ]
    assert teile[0].sha256 == hashlib.sha256(b"<a/>").hexdigest()


def test_the_order_of_the_wire_does_not_matter_and_the_root_may_come_last() -> None:
    teile, inhalte = hole(mehrteilig(("b@x", b"PDF"), ("a@x", b"<a/>"), ("wurzel@x", ZWEI)))
    assert inhalte == [b"<a/>", b"PDF"]
    assert [teil.name for teil in teile] == ["antrag.xml", "antrag.xml"]


@pytest.mark.parametrize(
    ("href", "kennung"),
    [
        ("cid:http%3A%2F%2Ftempuri.org%2F1", "http://tempuri.org/1"),
        ("cid:a%40x", "a@x"),
        ("cid:1@http%3A%2F%2Fx", "1@http%3A%2F%2Fx"),
    ],
)
def test_references_are_percent_decoded_or_taken_as_written(href: str, kennung: str) -> None:
    _, inhalte = hole(mehrteilig(("wurzel@x", behaelter(mit_verweis("Message", href))), (kennung, b"<a/>")))
    assert inhalte == [b"<a/>"]


def test_the_head_is_read_and_never_mistaken_for_the_call() -> None:
    inhalt = SpeicherInhalt()
    abholung = client(mehrteilig(("wurzel@x", ZWEI), ("a@x", b"<a/>"), ("b@x", b""))).fetch(ID, inhalt)
    assert abholung.metadaten is not None
    assert (abholung.metadaten.nachricht_id, abholung.metadaten.autor.kennung) == (ID, "gae:portal")
    assert abholung.metadaten.zugestellt == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert abholung.anfrage_id == "urn:anfrage:7"


@pytest.mark.parametrize("groesse", [0, 5, 70_000])
def test_content_inside_the_envelope_is_content_too(groesse: int) -> None:
    inhalt = bytes(range(256)) * (groesse // 256 + 1)
    zeilen = base64.encodebytes(inhalt[:groesse]).decode().replace("\n", "&#13;\n")
    antwort = einfach(behaelter(f'<x:Message contentType="text/plain" size="{groesse}">{zeilen}</x:Message>'))
    assert hole(antwort)[1] == [inhalt[:groesse]]


@pytest.mark.parametrize("art", ["application/soap+xml", "text/xml"])
def test_an_encrypted_message_is_kept_exactly_as_it_came(art: str) -> None:
    roh = umschlag(
        "<x:GenericContentContainer><e:EncryptedData><e:CipherData><e:CipherValue>QUJD</e:CipherValue></e:CipherData>"
        "</e:EncryptedData></x:GenericContentContainer>",
        metadatenkopf(),
    )
    inhalt = SpeicherInhalt()
    abholung = client(einfach(roh, typ=art)).fetch(ID, inhalt)
    assert abholung.verschluesselt
    assert [inhalt.bytes_von[teil.id] for teil in abholung.teile] == [roh]


def test_an_encrypted_message_keeps_its_mime_parts() -> None:
    roh = umschlag(
        '<x:GenericContentContainer><e:EncryptedData><e:CipherData><e:CipherValue><i:Include href="cid:c@x"/>'
        "</e:CipherValue></e:CipherData></e:EncryptedData></x:GenericContentContainer>"
    )
    inhalt = SpeicherInhalt()
    abholung = client(mehrteilig(("wurzel@x", roh), ("c@x", b"geheim"))).fetch(ID, inhalt)
    assert abholung.verschluesselt
    assert [inhalt.bytes_von[teil.id] for teil in abholung.teile] == [roh, b"geheim"]


EINS = behaelter(mit_verweis("Message", "cid:a@x"))
W = ("wurzel@x", EINS)
A = ("a@x", b"<a/>")
DOCTYPE = b"<!DOCTYPE s [<!ENTITY x 'y'>]>"


@pytest.mark.parametrize(
    ("antwort", "grund"),
    [
        (mehrteilig(W, A, schluss=""), "schlussgrenze_fehlt"),
        (mehrteilig(W, A, schluss="\r\n--g-"), "schlussgrenze_fehlt"),
        (mehrteilig(W), "verweis_ohne_teil"),
        (mehrteilig(W, ("anders@x", b"<a/>")), "verweis_ohne_teil"),
        (mehrteilig(W, A, ("b@x", b"mehr")), "teil_ohne_verweis"),
        (mehrteilig(W, A, A), "kennung_doppelt"),
        (mehrteilig(A), "wurzel_fehlt"),
        (mehrteilig(("wurzel@x", behaelter(mit_verweis("Message", "http://x"))), A), "cid_ungueltig"),
        (
            mehrteilig(
                ("wurzel@x", behaelter(mit_verweis("Message", "cid:a@x"), mit_verweis("Attachment", "cid:a@x"))), A
            ),
            "verweis_mehrdeutig",
        ),
        (mehrteilig(("wurzel@x", behaelter(mit_verweis("Message", "cid:a@x", 'size="5"'))), A), "groesse_abweichend"),
        (mehrteilig(("wurzel@x", behaelter(mit_verweis("Attachment", "cid:a@x"))), A), "inhalt_fehlt"),
        (mehrteilig(("wurzel@x", umschlag("")), A), "inhalt_fehlt"),
        (mehrteilig(("wurzel@x", DOCTYPE + EINS), A), "xml.doctype"),
        (mehrteilig(("wurzel@x", EINS[:-9]), A), "xml.unlesbar"),
        (mehrteilig(("wurzel@x", EINS.replace(ID.encode(), b"urn:eine:andere")), A), "andere_nachricht"),
        (einfach(behaelter('<x:Message contentType="a">QUJ</x:Message>')), "base64_ungueltig"),
        (einfach(behaelter('<x:Message contentType="a">QU=DQUJD</x:Message>')), "base64_ungueltig"),
        (einfach(behaelter('<x:Message contentType="a">Q%JD</x:Message>')), "base64_ungueltig"),
        (
            einfach(behaelter('<x:Message contentType="a">QUJD<i:Include href="cid:a@x"/></x:Message>')),
            "inhalt_mehrdeutig",
        ),
        (einfach(b"<html/>"), "kein_soap"),
        (einfach(b"<html>Wartung</html>", typ="text/html"), "kein_soap"),
        (einfach(b"", typ="multipart/related; type=x"), "grenze_ungueltig"),
        (einfach(b""), "xml.unlesbar"),
    ],
)
def test_an_incomplete_or_contradictory_answer_is_never_a_message(antwort: httpx.Response, grund: str) -> None:
    with pytest.raises(AntwortFehler) as fehler:
        hole(antwort)
    assert fehler.value.grund == grund
    assert not fehler.value.routenfehler


def test_limits_hold_for_envelope_and_answer() -> None:
    klein = Groessen(umschlag=100, inline=100, antwort=100)
    for antwort, grund in ((einfach(EINS), "antwort_zu_gross"), (mehrteilig(W, A), "antwort_zu_gross")):
        with pytest.raises(AntwortFehler, match="xta") as fehler:
            hole(antwort, klein)
        assert fehler.value.grund == grund
    with pytest.raises(AntwortFehler) as fehler:
        hole(mehrteilig(W, A), Groessen(inline=100))
    assert fehler.value.grund == "teil_zu_gross"


@pytest.mark.parametrize("verpackung", ["einfach", "mehrteilig"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_fault_is_understood_in_either_packaging_and_any_status(verpackung: str, status: int) -> None:
    inhalt = fault("InvalidMessageIDException", "9070")
    antwort = einfach(inhalt) if verpackung == "einfach" else mehrteilig(("wurzel@x", inhalt))
    antwort.status_code = status
    with pytest.raises(NachrichtUnbekannt):
        hole(antwort)
    with pytest.raises(NachrichtUnbekannt):
        client(antwort).report(ID)


@pytest.mark.parametrize(
    ("antwort", "art", "code"),
    [
        (einfach(fault("PermissionDeniedException", "9011"), 500), NeedsHumanError, "xta.9011"),
        (einfach(fault("XTAWSTechnicalProblemException", "9030"), 500), RetryableError, "xta.9030"),
        (einfach(fault(soap="Receiver"), 500), RetryableError, "xta.fault"),
        (einfach(fault(soap="MustUnderstand"), 500), NeedsHumanError, "xta.fault"),
        (einfach(b"<html>Wartung</html>", 503, "text/html"), RetryableError, "transport.http_spaeter"),
        (einfach(b"<html/>", 404, "text/html"), NeedsHumanError, "transport.http_abgelehnt"),
        (einfach(b"kaputt", 500), RetryableError, "transport.http_spaeter"),
        (einfach(umschlag(""), 500), RetryableError, "transport.http_spaeter"),
        (einfach(b"x", 413, "text/plain"), PermanentError, "transport.zu_gross"),
    ],
)
def test_every_refusal_has_one_meaning(antwort: httpx.Response, art: type[StepError], code: str) -> None:
    with pytest.raises(StepError) as fehler:
        client(antwort).check()
    assert (type(fehler.value), fehler.value.code) == (art, code)


def test_closing_what_is_already_gone_is_success_and_other_faults_are_not() -> None:
    client(einfach(fault("InvalidMessageIDException", "9070"), 500)).close([ID], "urn:r")
    with pytest.raises(RetryableError):
        client(einfach(fault("XTAWSTechnicalProblemException", "9030"), 500)).close([ID], "urn:r")


@pytest.mark.parametrize(("anfrage_id", "gesendet"), [("urn:r", b'"urn:r"'), ("", b'"1"')])
def test_close_echoes_the_request_id_of_the_mailbox(anfrage_id: str, gesendet: bytes) -> None:
    anfragen: list[bytes] = []

    def merke(anfrage: httpx.Request) -> httpx.Response:
        anfragen.append(anfrage.read())
        return einfach(umschlag(""))

    client(merke).close([ID], anfrage_id)
    assert b"MsgBoxRequestID=" + gesendet in anfragen[0]


def test_every_request_is_multipart_with_its_action_and_length() -> None:
    gesehen: list[httpx.Request] = []

    def merke(anfrage: httpx.Request) -> httpx.Response:
        anfrage.read()
        gesehen.append(anfrage)
        return einfach(umschlag(""))

    client(merke).check()
    (anfrage,) = gesehen
    assert anfrage.headers["soapaction"] == "http://www.xta.de/XTA/CheckAccountActive"
    assert int(anfrage.headers["content-length"]) == len(anfrage.content)
    (wurzel,) = lies_teile([anfrage.content], anfrage.headers["content-type"])
    assert wurzel.ist_wurzel
    assert wurzel.medientyp.parameter["type"].endswith('action="http://www.xta.de/XTA/CheckAccountActive"')


def test_an_error_of_our_own_store_is_not_taken_for_one_of_the_mailbox() -> None:
    class VolleAblage(SpeicherInhalt):
        def schreibe(self, *werte: object, **mehr: object) -> Teil:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        client(mehrteilig(W, A)).fetch(ID, VolleAblage())


@contextmanager
def roher_server(antwort: bytes) -> Iterator[str]:
    """Reads a request head, writes ``antwort`` and hangs up."""
    lauscher = socket.create_server(("127.0.0.1", 0))

    def laufe() -> None:
        with suppress(OSError):
            while True:
                verbindung, _ = lauscher.accept()
                with verbindung:
                    empfangen = b""
                    while b"--uuid:" not in empfangen or not empfangen.endswith((b"--", b"\r\n0\r\n\r\n")):
                        empfangen += verbindung.recv(65536)
                    verbindung.sendall(antwort)

    faden = threading.Thread(target=laufe, daemon=True)
    faden.start()
    try:
        yield f"http://127.0.0.1:{lauscher.getsockname()[1]}/"
    finally:
        lauscher.shutdown(socket.SHUT_RDWR)
        lauscher.close()
        faden.join(5)


@pytest.mark.parametrize("bis", [0, 60, 150, 900, -3])
def test_a_body_cut_by_the_network_leaves_no_part_in_the_message(bis: int) -> None:
    voll = mehrteilig(W, ("a@x", b"x" * 500))
    typ, laenge = voll.headers["content-type"], len(voll.content)
    kopf = f"HTTP/1.1 200 OK\r\nContent-Type: {typ}\r\nContent-Length: {laenge}\r\n\r\n"
    roh = kopf.encode() + voll.content
    with roher_server(roh[:bis]) as url, httpx.Client(trust_env=False) as http:
        xta = XtaClient(Adressen(url, url, url), Partei("wbs:1"), http)
        with pytest.raises(RetryableError) as fehler:
            xta.fetch(ID, SpeicherInhalt())
        assert fehler.value.code == "transport.abgebrochen"
        with pytest.raises(OutcomeUnknownError):
            xta.send(KOPF, [Teil.entwurf("a", "text/plain", lambda: [b"x"])])


def test_memory_does_not_grow_with_the_message() -> None:
    stueck = b"\r\n--x" * 12000

    class Zaehlt(SpeicherInhalt):
        laenge = 0

        def schreibe(self, strom: Iterable[bytes], *werte: object, **mehr: object) -> Teil:
            self.laenge += sum(len(teil) for teil in strom)
            return Teil(id="t", laenge=self.laenge)

    anfang, schluss = mehrteilig(W, ("a@x", b"|")).content.split(b"|")

    def koerper() -> Iterator[bytes]:
        yield anfang
        yield from (stueck for _ in range(600))
        yield schluss

    antwort = httpx.Response(200, headers=mehrteilig(W).headers, content=koerper())
    del antwort.headers["content-length"]
    inhalt = Zaehlt()
    holer = client(antwort)
    tracemalloc.start()
    holer.fetch(ID, inhalt)
    _, spitze = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert inhalt.laenge == 600 * len(stueck)
    assert spitze < 8 * 1024 * 1024
