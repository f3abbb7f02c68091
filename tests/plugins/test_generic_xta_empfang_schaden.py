"""Damage on the way: whatever is cut out, doubled or broken off, a message is whole or it is none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.errors import RetryableError, StepError
from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import Adressen, Groessen, XtaClient
from fachwerk_generic_xta.nachricht import Metadaten, Partei

ID = "urn:de:xta:messageid:portal:1"
GESENDET = b"http://www.xta.de/XTA/SendMessage"
GEHOLT = b"http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/MsgBoxFetchRequest"
INHALTE = [b"<antrag/>", b"%PDF-1.7 " * 20, b"\r\n--uuid:", b"anlage drei"]


def client(http: httpx.Client, url: str = "https://p/", groessen: Groessen | None = None) -> XtaClient:
    return XtaClient(Adressen(url, url, url), Partei("wbs:1"), http, groessen or Groessen())


@cache
def gesendet() -> tuple[str, bytes]:
    """Content-Type and body of a whole message, as the client itself writes it, under the action of an answer."""
    anfragen: list[httpx.Request] = []

    def merke(anfrage: httpx.Request) -> httpx.Response:
        anfrage.read()
        anfragen.append(anfrage)
        return httpx.Response(500)

    quelle = SpeicherInhalt()
    teile = [quelle.schreibe([inhalt], f"{nr}.xml", "text/xml") for nr, inhalt in enumerate(INHALTE)]
    with suppress(StepError):
        kopf = Metadaten(ID, Partei("a"), Partei("b"), payload_schema="urn:s")
        client(httpx.Client(transport=httpx.MockTransport(merke))).send(kopf, teile)
    return anfragen[0].headers["content-type"], anfragen[0].content.replace(GESENDET, GEHOLT)


def hole(koerper: bytes, groesse: int = 100) -> list[bytes]:
    """The contents of the message in ``koerper``, which comes in chunks."""
    stuecke = (koerper[ab : ab + groesse] for ab in range(0, len(koerper), groesse))
    antwort = httpx.Response(200, headers={"content-type": gesendet()[0]}, content=stuecke)
    inhalt = SpeicherInhalt()
    xta = client(httpx.Client(transport=httpx.MockTransport(lambda anfrage: antwort)))
    return [inhalt.bytes_von[teil.id] for teil in xta.fetch(ID, inhalt).teile]


stellen = st.integers(0, 2**20).map(lambda zahl: zahl % len(gesendet()[1]))


def test_undamaged_it_arrives() -> None:
    assert hole(gesendet()[1]) == INHALTE


@given(stellen, st.integers(1, 400), st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_what_is_cut_out_is_missed(ab: int, laenge: int, groesse: int) -> None:
    koerper = gesendet()[1]
    with suppress(RetryableError):
        assert hole(koerper[:ab] + koerper[ab + laenge :], groesse) == INHALTE


@given(stellen, st.integers(1, 400), st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_what_comes_twice_is_noticed(ab: int, laenge: int, groesse: int) -> None:
    koerper = gesendet()[1]
    with suppress(RetryableError):
        assert hole(koerper[: ab + laenge] + koerper[ab:], groesse) == INHALTE


@given(stellen)
@settings(max_examples=60, deadline=None)
def test_what_ends_early_is_never_a_message(bis: int) -> None:
    with pytest.raises(RetryableError):
        hole(gesendet()[1][:bis])


@contextmanager
def server(antwort: bytes) -> Iterator[str]:
    """Answers one request with these bytes and hangs up."""
    lauscher = socket.create_server(("127.0.0.1", 0))

    def laufe() -> None:
        with suppress(OSError):
            verbindung, _ = lauscher.accept()
            with verbindung:
                empfangen = b""
                while b"--uuid:" not in empfangen or not empfangen.endswith(b"--"):
                    empfangen += verbindung.recv(65536)
                verbindung.sendall(antwort)

    faden = threading.Thread(target=laufe, daemon=True)
    faden.start()
    try:
        yield f"http://127.0.0.1:{lauscher.getsockname()[1]}/"
    finally:
        faden.join(5)
        lauscher.close()


def hole_roh(kopf: str, koerper: bytes) -> list[bytes]:
    roh = f"HTTP/1.1 200 OK\r\nContent-Type: {gesendet()[0]}\r\n{kopf}\r\n\r\n".encode() + koerper
    inhalt = SpeicherInhalt()
    with server(roh) as url, httpx.Client(trust_env=False, timeout=10) as http:
        return [inhalt.bytes_von[teil.id] for teil in client(http, url).fetch(ID, inhalt).teile]


def gestueckelt(koerper: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(koerper), koerper)


def test_http_must_come_to_its_end_even_behind_the_closing_boundary() -> None:
    koerper = gesendet()[1]
    assert hole_roh(f"Content-Length: {len(koerper)}", koerper) == INHALTE
    assert hole_roh("Transfer-Encoding: chunked", gestueckelt(koerper)) == INHALTE
    assert hole_roh("Connection: close", koerper) == INHALTE
    for kopf, unvollstaendig in (
        (f"Content-Length: {len(koerper) + 1}", koerper),
        ("Transfer-Encoding: chunked", gestueckelt(koerper)[:-5]),
        ("Connection: close", koerper[:-1]),
    ):
        with pytest.raises(RetryableError):
            hole_roh(kopf, unvollstaendig)


def test_an_envelope_beyond_its_limit_is_refused_before_it_fills_the_memory() -> None:
    gelesen = 0

    def endlos() -> Iterator[bytes]:
        nonlocal gelesen
        yield gesendet()[1].split(b"<soap-env:Envelope")[0]
        while True:
            gelesen += 65536
            yield b" " * 65536

    antwort = httpx.Response(200, headers={"content-type": gesendet()[0]}, content=endlos())
    http = httpx.Client(transport=httpx.MockTransport(lambda anfrage: antwort))
    for frage in (lambda xta: xta.fetch(ID, SpeicherInhalt()), lambda xta: xta.list()):
        with pytest.raises(RetryableError):
            frage(client(http, groessen=Groessen(umschlag=1 << 20, inline=1 << 20)))
        assert gelesen < 4 << 20
        antwort = httpx.Response(200, headers={"content-type": gesendet()[0]}, content=endlos())


def test_a_part_nobody_reads_is_a_contradiction_also_in_a_small_part() -> None:
    typ, koerper = gesendet()
    grenze = typ.partition('boundary="')[2].partition('"')[0].encode()
    mehr = b"\r\n--" + grenze + b"\r\nContent-ID: <mehr@x>\r\n\r\nx"
    with pytest.raises(RetryableError) as fehler:
        hole(koerper.removesuffix(b"\r\n--" + grenze + b"--") + mehr + b"\r\n--" + grenze + b"--")
    assert fehler.value.details == {"grund": "teil_ohne_verweis"}


@pytest.mark.parametrize("da", [True, False])
def test_a_reference_of_a_header_must_resolve_too_but_is_no_content(da: bool) -> None:
    typ, koerper = gesendet()
    grenze = b"\r\n--" + typ.partition('boundary="')[2].partition('"')[0].encode()
    verweis = b'<Include xmlns="http://www.w3.org/2004/08/xop/include" href="cid:t@x"/>'
    kopf = b'<x:Ausweis xmlns:x="urn:x">' + verweis + b"</x:Ausweis>"
    mit = koerper.replace(b"</soap-env:Header>", kopf + b"</soap-env:Header>")
    assert mit != koerper
    if da:
        teil = grenze + b"\r\nContent-ID: <t@x>\r\n\r\nausweis"
        assert hole(mit.removesuffix(grenze + b"--") + teil + grenze + b"--") == INHALTE
    else:
        with pytest.raises(RetryableError) as fehler:
            hole(mit)
        assert fehler.value.details == {"grund": "verweis_ohne_teil"}


def test_a_teil_of_the_store_is_what_was_counted() -> None:
    inhalt = SpeicherInhalt()
    antwort = httpx.Response(200, headers={"content-type": gesendet()[0]}, content=gesendet()[1])
    abholung = client(httpx.Client(transport=httpx.MockTransport(lambda anfrage: antwort))).fetch(ID, inhalt)
    assert all(isinstance(teil, Teil) for teil in abholung.teile)
    assert [teil.laenge for teil in abholung.teile] == [len(daten) for daten in INHALTE]
    assert [angaben.groesse for angaben in abholung.angaben] == [len(daten) for daten in INHALTE]
