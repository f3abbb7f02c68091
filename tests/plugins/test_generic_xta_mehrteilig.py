"""The multipart reader and writer: nothing is lost, nothing is invented, whatever the chunks."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk_generic_xta.mehrteilig import (
    MehrteiligFehler,
    MehrteiligGrenzen,
    cid_ziel,
    gesamtlaenge,
    lies_medientyp,
    lies_teile,
    schreibe_teile,
)

AKTION = "http://www.xta.de/XTA/SendMessage"
GRENZE = "uuid:grenze"

grenzaehnlich = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b"\r\n--uuid:", b"uuid:grenz", b"e", b"a", b"\0"]),
    max_size=40,
).map(b"".join)
inhalte = st.one_of(st.binary(max_size=300), grenzaehnlich).filter(lambda b: b"--uuid:grenze" not in b)


def in_stuecken(koerper: bytes, groesse: int) -> Iterator[bytes]:
    return (koerper[i : i + groesse] for i in range(0, len(koerper), groesse))


def baue(wurzel: bytes, teile: list[bytes]) -> tuple[str, bytes]:
    kopf, strom = schreibe_teile(
        wurzel, AKTION, [(f"{i}@fachwerk", "application/pdf", [teil]) for i, teil in enumerate(teile)], GRENZE
    )
    return kopf, b"".join(strom)


def lies_alles(koerper: bytes, content_type: str, groesse: int = 7) -> list[tuple[str, bool, bytes]]:
    teile = lies_teile(in_stuecken(koerper, groesse), content_type)
    return [(teil.content_id, teil.ist_wurzel, b"".join(teil.strom())) for teil in teile]


@given(inhalte, st.lists(inhalte, max_size=4), st.integers(1, 400))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back_in_any_chunking(wurzel: bytes, teile: list[bytes], groesse: int) -> None:
    kopf, koerper = baue(wurzel, teile)
    gelesen = lies_alles(koerper, kopf, groesse)
    assert [inhalt for _, _, inhalt in gelesen] == [wurzel, *teile]
    assert [ist for _, ist, _ in gelesen] == [True] + [False] * len(teile)
    laengen = [(f"{i}@fachwerk", "application/pdf", len(teil)) for i, teil in enumerate(teile)]
    assert gesamtlaenge(wurzel, AKTION, laengen, GRENZE) == len(koerper)


@given(inhalte, st.integers(1, 64))
@settings(max_examples=10, deadline=None)
def test_a_body_cut_at_any_byte_is_an_error(inhalt: bytes, groesse: int) -> None:
    kopf, koerper = baue(b"<w/>", [inhalt, b""])
    for laenge in range(len(koerper)):
        with pytest.raises(MehrteiligFehler):
            lies_alles(koerper[:laenge], kopf, groesse)


@given(st.binary(max_size=400), st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes_are_read_or_refused_but_never_crash(koerper: bytes, groesse: int) -> None:
    kopf = 'multipart/related; boundary="b"'
    try:
        gelesen = lies_alles(b"--b\r\n" + koerper, kopf, groesse)
    except MehrteiligFehler:
        return
    assert gelesen
    assert b"--b--" in koerper


def test_the_root_may_come_last() -> None:
    koerper = b"--b\r\nContent-ID: <a@x>\r\n\r\neins\r\n--b\r\nContent-ID: <w@x>\r\n\r\n<w/>\r\n--b--"
    gelesen = lies_alles(koerper, 'Multipart/Related; boundary=b; start="<w@x>"')
    assert gelesen == [("a@x", False, b"eins"), ("w@x", True, b"<w/>")]


def test_preamble_epilogue_padding_and_folded_headers_are_tolerated() -> None:
    koerper = b"hallo\r\n--b \t\r\nContent-ID:\r\n  <a@x>\r\n\r\neins\r\n--b-- \r\nauf Wiedersehen"
    assert lies_alles(koerper, "multipart/related; boundary=b") == [("a@x", True, b"eins")]


def test_a_line_that_only_begins_like_the_boundary_is_content() -> None:
    koerper = b"--b\r\n\r\nx\r\n--bb\r\n--b-\r\n--b--y\r\n--b--"
    assert lies_alles(koerper, "multipart/related; boundary=b") == [("", True, b"x\r\n--bb\r\n--b-\r\n--b--y")]


def test_a_part_left_unread_is_skipped_and_cannot_be_mistaken_for_an_empty_one() -> None:
    kopf, koerper = baue(b"<w/>", [b"eins", b"zwei"])
    teile = list(lies_teile([koerper], kopf))
    assert len(teile) == 3
    with pytest.raises(RuntimeError):
        teile[1].strom()


@pytest.mark.parametrize(
    ("koerper", "content_type", "code"),
    [
        (b"", "text/xml", "kein_multipart"),
        (b"", "multipart/related", "grenze_ungueltig"),
        (b"", 'multipart/related; boundary="a b "', "grenze_ungueltig"),
        (b"", 'multipart/related; boundary="' + "x" * 71 + '"', "grenze_ungueltig"),
        (b"--b\r\nkeinkopf\r\n\r\n\r\n--b--", "multipart/related; boundary=b", "kopfzeile_ungueltig"),
        (b"--b\r\na: 1\r\nA: 2\r\n\r\n\r\n--b--", "multipart/related; boundary=b", "kopfzeile_doppelt"),
        (b"--b\r\na: 1\n2\r\n\r\n\r\n--b--", "multipart/related; boundary=b", "kopfzeile_ungueltig"),
        (
            b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--b--",
            "multipart/related; boundary=b",
            "kodierung_unbekannt",
        ),
        (
            b"--b\r\nContent-ID: <a>\r\n\r\n\r\n--b\r\nContent-ID: <a>\r\n\r\n\r\n--b--",
            "multipart/related; boundary=b",
            "kennung_doppelt",
        ),
        (b"--b\r\nContent-ID: <a>\r\n\r\n\r\n--b--", 'multipart/related; boundary=b; start="<c>"', "wurzel_fehlt"),
        (b"--b\r\nx: " + b"y" * 20_000, "multipart/related; boundary=b", "kopf_zu_gross"),
        (
            b"--b\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(70)) + b"\r\n",
            "multipart/related; boundary=b",
            "zu_viele_kopfzeilen",
        ),
        (b"v" * 70_000, "multipart/related; boundary=b", "vorspann_zu_gross"),
        (b"--b\r\n\r\n\r\n--b--\r\n" + b"n" * 70_000, "multipart/related; boundary=b", "nachspann_zu_gross"),
        (b"--b--", "multipart/related; boundary=b", "wurzel_fehlt"),
    ],
)
def test_each_defect_has_its_own_code(koerper: bytes, content_type: str, code: str) -> None:
    with pytest.raises(MehrteiligFehler) as fehler:
        lies_alles(koerper, content_type, 4096)
    assert fehler.value.code == code


def test_the_number_of_parts_and_the_size_of_a_part_read_at_once_are_limited() -> None:
    kopf, koerper = baue(b"<w/>", [b"x"] * 5)
    with pytest.raises(MehrteiligFehler, match="zu_viele_teile"):
        list(lies_teile([koerper], kopf, MehrteiligGrenzen(teile=5)))
    with pytest.raises(MehrteiligFehler, match="teil_zu_gross"):
        next(lies_teile([koerper], kopf)).lies(3)


def test_the_header_is_what_public_clients_send() -> None:
    kopf, koerper = baue(b"<w/>", [])
    medientyp = lies_medientyp(kopf)
    assert medientyp.typ == "multipart/related"
    assert medientyp.parameter["type"] == "application/xop+xml"
    assert medientyp.parameter["start-info"] == f'application/soap+xml; action="{AKTION}"'
    assert koerper.startswith(b"--uuid:grenze\r\nContent-Type: application/xop+xml; charset=UTF-8; type=")
    assert koerper.endswith(b"\r\n--uuid:grenze--")


@pytest.mark.parametrize("kennung", ["", "a\r\nb", "a>b", "a b"])
def test_a_content_id_cannot_break_out_of_its_header(kennung: str) -> None:
    with pytest.raises(ValueError, match="content id"):
        schreibe_teile(b"", AKTION, [(kennung, "text/plain", [])], GRENZE)


def test_a_reference_is_percent_decoded() -> None:
    assert cid_ziel("cid:http%3A%2F%2Ftempuri.org%2F1") == "http://tempuri.org/1"
    assert cid_ziel("CID:a@b") == "a@b"
    for href in ("a@b", "cid:", "http://x", "cid:%ff"):
        with pytest.raises(MehrteiligFehler, match="cid_ungueltig"):
            cid_ziel(href)


def test_memory_does_not_grow_with_the_content() -> None:
    stueck = b"\r\n--uuid:grenz" * 4096
    kopf, strom = schreibe_teile(b"<w/>", AKTION, [("a@x", "text/plain", (stueck for _ in range(400)))], GRENZE)
    tracemalloc.start()
    summe = sum(len(s) for teil in lies_teile(strom, kopf) for s in teil.strom())
    _, spitze = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert summe == 400 * len(stueck) + 4
    assert spitze < 2 * 1024 * 1024
