"""What the client sends, the client reads back: every part, every attribute, in chunks of any size."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.errors import PermanentError
from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.nachricht import Abholung, Listenwert, Metadaten, Partei, Teilangaben

ID = "urn:de:xta:messageid:portal:1"
KOPF = Metadaten(
    ID,
    Partei("gae:portal"),
    Partei("wbs:1"),
    szenario=Listenwert("FIM"),
    nachrichtentyp=Listenwert("n.1", "urn:t", "1.0"),
    payload_schema="urn:s",
)

zeichen = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"])
namen = st.one_of(
    st.just(""),
    st.text(zeichen, max_size=20),
    st.sampled_from(["..", "../../etc/passwd", "C:\\x", "a\nb\tc", "\r", '"><x/>', "&#0;", "antrag.xml", " ", "CON"]),
)
inhalte = st.one_of(st.binary(max_size=200), st.sampled_from([b"", b"\r\n--uuid:", b"--", b"\r\n", b"<a/>" * 50]))
angaben = st.builds(Teilangaben, namen, namen, st.sampled_from(["", "de", "x-a"]))
teile = st.tuples(inhalte, namen, st.sampled_from(["text/xml", "a/b; c=d", "ä"]), namen, angaben, st.booleans())
GESENDET = b"http://www.xta.de/XTA/SendMessage"
GEHOLT = b"http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/MsgBoxFetchRequest"


class Spiegel:
    """Takes a message and answers the next request with it, in chunks of ``groesse`` bytes."""

    def __init__(self, groesse: int) -> None:
        self.groesse = groesse
        self.gesendet: httpx.Request | None = None

    def __call__(self, anfrage: httpx.Request) -> httpx.Response:
        anfrage.read()
        if self.gesendet is None:
            self.gesendet = anfrage
            leer = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'
            return httpx.Response(200, headers={"content-type": "application/soap+xml"}, content=leer)
        kopf = {"content-type": self.gesendet.headers["content-type"]}
        return httpx.Response(200, headers=kopf, content=self.stuecke(self.gesendet.content.replace(GESENDET, GEHOLT)))

    def stuecke(self, koerper: bytes) -> Iterator[bytes]:
        return (koerper[ab : ab + self.groesse] for ab in range(0, len(koerper), self.groesse))


def client(antworte: Spiegel) -> XtaClient:
    http = httpx.Client(transport=httpx.MockTransport(antworte))
    return XtaClient(Adressen("https://m/", "https://p/", "https://v/"), Partei("gae:portal"), http)


def hin_und_her(groesse: int, teile: list[Teil], dazu: list[Teilangaben]) -> tuple[Abholung, SpeicherInhalt]:
    xta, inhalt = client(Spiegel(groesse)), SpeicherInhalt()
    xta.send(KOPF, teile, dazu)
    return xta.fetch(ID, inhalt), inhalt


@given(st.lists(teile, min_size=1, max_size=4), st.integers(1, 500))
@settings(max_examples=60, deadline=None)
def test_parts_come_back_with_all_their_attributes(
    gemeint: list[tuple[bytes, str, str, str, Teilangaben, bool]], groesse: int
) -> None:
    quelle = SpeicherInhalt()
    gesendet = [
        quelle.schreibe([inhalt], name, typ, beschreibung)
        if fest
        else Teil.entwurf(name, typ, lambda i=inhalt: [i[:3], i[3:]], beschreibung)
        for inhalt, name, typ, beschreibung, _, fest in gemeint
    ]
    abholung, inhalt = hin_und_her(groesse, gesendet, [dazu for *_, dazu, _ in gemeint])
    assert abholung.metadaten == KOPF
    assert [inhalt.bytes_von[teil.id] for teil in abholung.teile] == [daten for daten, *_ in gemeint]
    assert [(teil.name, teil.medientyp, teil.beschreibung) for teil in abholung.teile] == [g[1:4] for g in gemeint]
    for angabe, (daten, *_, dazu, fest) in zip(abholung.angaben, gemeint, strict=True):
        assert (angabe.kodierung, angabe.kennung, angabe.sprache) == (dazu.kodierung, dazu.kennung, dazu.sprache)
        assert angabe.groesse == (len(daten) or None if fest else None)


@pytest.mark.parametrize("groesse", range(1, 40))
def test_no_chunk_size_of_the_network_changes_anything(groesse: int) -> None:
    daten = [b"<a/>", b"", b"\r\n--uuid:\r\n--"]
    gesendet = [Teil.entwurf(f"{nr}.xml", "text/xml", lambda d=d: [d]) for nr, d in enumerate(daten)]
    abholung, inhalt = hin_und_her(groesse, gesendet, [])
    assert [inhalt.bytes_von[teil.id] for teil in abholung.teile] == daten


@pytest.mark.parametrize(
    ("gesendet", "dazu"),
    [
        ([], []),
        ([Teil.entwurf("a", "a/b", lambda: [b""])], [Teilangaben(), Teilangaben()]),
        ([Teil.entwurf("a\x00", "a/b", lambda: [b""])], []),
        ([Teil.entwurf("a", "a/b\r\nX: y", lambda: [b""])], []),
        ([Teil.entwurf("a", "", lambda: [b""])], []),
    ],
    ids=["ohne_teil", "angaben_zu_viel", "name", "medientyp", "ohne_medientyp"],
)
def test_parts_the_wire_cannot_carry_are_refused_before_anything_is_sent(
    gesendet: list[Teil], dazu: list[Teilangaben]
) -> None:
    spiegel = Spiegel(100)
    with pytest.raises(PermanentError) as fehler:
        client(spiegel).send(KOPF, gesendet, dazu)
    assert (fehler.value.code, spiegel.gesendet) == ("xta.angabe_unzulaessig", None)


def test_a_part_that_is_shorter_than_recorded_is_never_sent_as_whole() -> None:
    def nimm(anfrage: httpx.Request) -> httpx.Response:
        anfrage.read()
        raise AssertionError("a request was complete")

    kurz = SpeicherInhalt().schreibe([b"1234"], "a", "a/b").model_copy(update={"laenge": 5})
    http = httpx.Client(transport=httpx.MockTransport(nimm))
    xta = XtaClient(Adressen("https://m/", "https://p/", "https://v/"), Partei("gae:portal"), http)
    with pytest.raises(PermanentError) as fehler:
        xta.send(KOPF, [kurz])
    assert fehler.value.code == "xta.teil_abweichend"


def test_a_disk_that_fails_while_sending_is_not_taken_for_the_network() -> None:
    def lies() -> Iterator[bytes]:
        yield b"a"
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        client(Spiegel(100)).send(KOPF, [Teil.entwurf("a", "a/b", lies)])
