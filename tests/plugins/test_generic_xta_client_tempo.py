"""A server that is merely alive does not hold the line for ever; one that works is left in peace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from fachwerk.errors import OutcomeUnknownError, RetryableError
from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import Adressen, XtaClient, Zeiten
from fachwerk_generic_xta.codec211 import Codec211
from fachwerk_generic_xta.nachricht import Metadaten, Partei

KOPF = Metadaten("urn:1", Partei("a"), Partei("b"), payload_schema="urn:s")
ENDE = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'


@dataclass
class Uhr:
    """Stands still except when the network is waited for."""

    zeit: float = 0.0

    def __call__(self) -> float:
        return self.zeit


def client(uhr: Uhr, stuecke: Iterator[bytes]) -> XtaClient:
    def antworte(anfrage: httpx.Request) -> httpx.Response:
        anfrage.read()
        return httpx.Response(200, headers={"content-type": "application/soap+xml"}, content=stuecke)

    http = httpx.Client(transport=httpx.MockTransport(antworte))
    zeiten = Zeiten(anlauf_s=60, mindestens=1000, uhr=uhr)
    return XtaClient(Adressen("https://m/", "https://p/", "https://v/"), Partei("a"), http, zeiten=zeiten)


def tropfe(uhr: Uhr, pause: float, inhalt: bytes, groesse: int) -> Iterator[bytes]:
    for ab in range(0, len(inhalt), groesse):
        uhr.zeit += pause
        yield inhalt[ab : ab + groesse]


def test_a_byte_before_every_time_limit_is_not_enough() -> None:
    uhr = Uhr()
    with pytest.raises(RetryableError) as fehler:
        client(uhr, tropfe(uhr, 50.0, ENDE, 1)).check()
    assert (fehler.value.code, uhr.zeit) == ("transport.zu_langsam", 100.0)


def test_after_sending_a_dripping_answer_is_an_unknown_outcome() -> None:
    uhr = Uhr()
    with pytest.raises(OutcomeUnknownError) as fehler:
        client(uhr, tropfe(uhr, 50.0, ENDE, 1)).send(KOPF, [Teil.entwurf("a", "a/b", lambda: [b"x"])])
    assert fehler.value.details == {"art": "zu_langsam"}


def test_a_slow_start_and_a_slow_line_are_no_fault() -> None:
    uhr = Uhr()
    client(uhr, tropfe(uhr, 59.0, ENDE, len(ENDE))).check()
    lang = ENDE.replace(b"<s:Body/>", b"<s:Body>" + b" " * 300_000 + b"</s:Body>")
    client(uhr, tropfe(uhr, 0.9, lang, 1000)).check()
    assert uhr.zeit > 300


def test_time_spent_on_our_own_side_does_not_count() -> None:
    uhr = Uhr()
    grenze = b"\r\n--g\r\nContent-ID: <%s>\r\n\r\n%s"
    umschlag = (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:x="http://xoev.de/transport/xta/211" '
        b'xmlns:i="http://www.w3.org/2004/08/xop/include"><s:Body><x:GenericContentContainer><x:ContentContainer>'
        b'<x:Message contentType="a/b"><i:Include href="cid:a"/></x:Message></x:ContentContainer>'
        b"</x:GenericContentContainer></s:Body></s:Envelope>"
    )
    koerper = grenze % (b"w", umschlag) + grenze % (b"a", b"1234567890" * 20) + b"\r\n--g--"

    class LangsameAblage(SpeicherInhalt):
        def schreibe(self, strom: object, *werte: object, **mehr: object) -> Teil:  # type: ignore[override]
            def gemuetlich() -> Iterator[bytes]:
                for stueck in strom:  # type: ignore[attr-defined]
                    uhr.zeit += 1000
                    yield stueck

            return super().schreibe(gemuetlich(), *werte, **mehr)  # type: ignore[arg-type]

    def antworte(anfrage: httpx.Request) -> httpx.Response:
        kopf = {"content-type": 'multipart/related; boundary="g"; start="<w>"'}
        return httpx.Response(200, headers=kopf, content=(koerper[ab : ab + 10] for ab in range(0, len(koerper), 10)))

    zeiten = Zeiten(anlauf_s=60, mindestens=1000, uhr=uhr)
    http = httpx.Client(transport=httpx.MockTransport(antworte))
    xta = XtaClient(Adressen("https://m/", "https://p/"), Partei("a"), http, zeiten=zeiten)
    assert xta.fetch("urn:1", LangsameAblage()).teile[0].laenge == 200
    assert uhr.zeit > 5000


def test_a_server_that_takes_the_message_byte_by_byte_is_left_and_nothing_was_accepted() -> None:
    uhr = Uhr()
    genommen = 0

    class Traeger(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal genommen
            assert isinstance(request.stream, httpx.SyncByteStream)
            for stueck in request.stream:
                genommen += len(stueck)
                uhr.zeit += 40
            raise AssertionError("the whole message was taken")

    zeiten = Zeiten(anlauf_s=60, mindestens=1000, uhr=uhr)
    adressen = Adressen("https://m/", "https://p/", "https://v/")
    xta = XtaClient(adressen, Partei("a"), httpx.Client(transport=Traeger()), zeiten=zeiten)
    with pytest.raises(RetryableError) as fehler:
        xta.send(KOPF, [Teil.entwurf("a", "a/b", lambda: (b"x" for _ in range(100)))])
    assert fehler.value.code == "transport.zu_langsam"
    assert genommen < 5000


def test_a_message_that_was_sent_to_its_end_is_never_called_unsent() -> None:
    uhr = Uhr()

    class Traeger(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.SyncByteStream)
            for stueck in request.stream:
                uhr.zeit += 3600 if stueck.endswith(b"--") else 0  # only the closing boundary took its time
            return httpx.Response(200, headers={"content-type": "text/xml"}, content=ENDE)

    adressen = Adressen("https://m/", "https://p/", "https://v/")
    xta = XtaClient(adressen, Partei("a"), httpx.Client(transport=Traeger()), zeiten=Zeiten(uhr=uhr))
    xta.send(KOPF, [Teil.entwurf("a", "a/b", lambda: [b"x"])])
    assert uhr.zeit == 3600


def test_a_connection_is_used_again_as_long_as_answers_are_read_to_their_end() -> None:
    verbindungen: list[int] = []

    class Gegenstelle(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            verbindungen.append(self.client_address[1])
            self.rfile.read(int(self.headers["content-length"]))
            mehrteilig = len(verbindungen) % 2
            koerper = b"--g\r\n\r\n" + ENDE + b"\r\n--g--\r\n" if mehrteilig else ENDE
            self.send_response(200)
            self.send_header("Content-Type", "multipart/related; boundary=g" if mehrteilig else "text/xml")
            self.send_header("Content-Length", str(len(koerper)))
            self.end_headers()
            self.wfile.write(koerper)

        def log_message(self, *args: object) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Gegenstelle) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        with httpx.Client(trust_env=False, timeout=10) as http:
            xta = XtaClient(Adressen(url, url), Partei("a"), http)
            for _ in range(6):
                xta.check()
        server.shutdown()
    assert (len(verbindungen), len(set(verbindungen))) == (6, 1)


def test_requests_made_at_the_same_time_do_not_mix() -> None:
    def baue(nr: int) -> list[bytes]:
        codec = Codec211(Adressen(f"https://m{nr}/", "https://p/"), Partei(f"wbs:{nr}"))
        return [codec.bericht(f"urn:{nr}:{mal}").umschlag for mal in range(20)]

    with ThreadPoolExecutor(8) as arbeiter:
        for nr, umschlaege in enumerate(arbeiter.map(baue, range(16))):
            for mal, umschlag in enumerate(umschlaege):
                for erwartet in (f">urn:{nr}:{mal}<", f">wbs:{nr}<", f">https://m{nr}/<"):
                    assert erwartet.encode() in umschlag
