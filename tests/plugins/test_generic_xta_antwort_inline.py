"""Content inside the envelope: read piece by piece, wherever the pieces end, and never more than once in memory."""

from __future__ import annotations

import base64
import tracemalloc
from collections.abc import Iterable, Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk.xml import XmlDokument
from fachwerk_generic_xta import soap
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.fehler import AntwortFehler
from fachwerk_generic_xta.nachricht import Inhaltsteil, Partei
from fachwerk_generic_xta.soap import Umschlag, inline_strom

ANFANG = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:x="http://xoev.de/transport/xta/211"><s:Body>'
    b'<x:GenericContentContainer><x:ContentContainer><x:Message contentType="a/b">'
)
ENDE = b"</x:Message></x:ContentContainer></x:GenericContentContainer></s:Body></s:Envelope>"
leerraum = st.sampled_from([b" ", b"\n", b"\r\n", b"\t", b"&#13;", b"&#xD;", b"&#x0000A;", b"&#10;&#9;"])


def hole(stuecke: Iterable[bytes], inhalt: SpeicherInhalt) -> Teil:
    antwort = httpx.Response(200, headers={"content-type": "text/xml"}, content=iter(stuecke))
    http = httpx.Client(transport=httpx.MockTransport(lambda anfrage: antwort))
    return XtaClient(Adressen("https://m/", "https://p/"), Partei("wbs:1"), http).fetch("urn:1", inhalt).teile[0]


def entziffere(text: bytes, stueck: int) -> bytes:
    """The content of a part whose base64 text was cut out of the envelope, read in pieces of ``stueck`` bytes."""
    umschlag = Umschlag(b"<x>" + text + b"</x>", XmlDokument(etree.Element("x")))
    teil = Inhaltsteil(True, "a/b", inline=(3, 3 + len(text)))
    with pytest.MonkeyPatch.context() as geaendert:
        geaendert.setattr(soap, "_STUECK", stueck)
        return b"".join(inline_strom(umschlag, teil))


@given(st.binary(max_size=90), st.dictionaries(st.integers(0, 120), leerraum, max_size=6), st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_white_space_and_pieces_may_fall_anywhere(daten: bytes, dazwischen: dict[int, bytes], stueck: int) -> None:
    text = base64.b64encode(daten)
    for stelle in sorted({min(stelle, len(text)) for stelle in dazwischen}, reverse=True):
        text = text[:stelle] + dazwischen.get(stelle, b"&#13;\n") + text[stelle:]
    assert entziffere(text, stueck) == daten


@pytest.mark.parametrize("stueck", range(1, 9))
@pytest.mark.parametrize("text", [b"QUI=QUJD", b"QQ==QQ==", b"QUJ", b"Q===", b"QUJD&#65;", b"QUJD&amp;", b"Q-JD", b"="])
def test_what_is_no_base64_is_refused_wherever_the_pieces_end(text: bytes, stueck: int) -> None:
    with pytest.raises(AntwortFehler) as fehler:
        entziffere(text, stueck)
    assert fehler.value.grund == "base64_ungueltig"


def test_an_envelope_with_content_inside_is_held_once() -> None:
    zeilen = base64.encodebytes(bytes(range(256)) * 12) * 2000

    class Zaehlt(SpeicherInhalt):
        def schreibe(self, strom: Iterable[bytes], *werte: object, **mehr: object) -> Teil:
            return Teil(id="t", laenge=sum(len(stueck) for stueck in strom))

    def stuecke() -> Iterator[bytes]:
        yield ANFANG
        yield from (zeilen[ab : ab + 65536] for ab in range(0, len(zeilen), 65536))
        yield ENDE

    tracemalloc.start()
    teil = hole(stuecke(), Zaehlt())
    _, spitze = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert teil.laenge == 256 * 12 * 2000
    assert spitze < 1.4 * len(zeilen) + 8 * 1024 * 1024
