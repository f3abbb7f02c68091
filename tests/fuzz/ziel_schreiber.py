"""The multipart writer: what it agrees to write, the reader reads back, byte for byte, and of the promised length."""

from __future__ import annotations

from collections.abc import Iterator

from geruest import Los, Ziel

from fachwerk_generic_xta.mehrteilig import (
    WURZEL_ID,
    MehrteiligFehler,
    gesamtlaenge,
    lies_teile,
    neue_grenze,
    schreibe_teile,
)


def lauf(daten: bytes) -> None:
    """Boundary, action, then per part: Content-ID, media type, content."""
    los = Los(daten)
    grenze, aktion = los.text() or neue_grenze(), los.text()
    teile = []
    while los.offen() and len(teile) < 12:
        teile.append((los.text(), los.text(), los.bytes()))
    try:
        content_type, koerper = schreibe_teile(b"<a/>", aktion, [(k, m, [inhalt]) for k, m, inhalt in teile], grenze)
        geschrieben = b"".join(koerper)
        laenge = gesamtlaenge(b"<a/>", aktion, [(k, m, len(inhalt)) for k, m, inhalt in teile], grenze)
    except ValueError:
        return  # declared: a value the wire cannot carry
    assert laenge == len(geschrieben), "the promised length is not what was written"
    kennungen = [kennung for kennung, _, _ in teile]
    lesbar = len({*kennungen, WURZEL_ID}) == len(kennungen) + 1
    if not lesbar or any(f"--{grenze}".encode() in inhalt for _, _, inhalt in teile):
        return  # twice the same id, or a boundary that stands in a content: neue_grenze() never gives one
    gelesen = [(teil.content_id, b"".join(teil.strom())) for teil in lies_teile([geschrieben], content_type)]
    assert gelesen == [(WURZEL_ID, b"<a/>"), *((kennung, inhalt) for kennung, _, inhalt in teile)]


def saat() -> Iterator[bytes]:
    yield b"grenze-1\0urn:aktion\0teil1@x\0application/pdf\0%PDF-1.7\0teil2\0text/plain\0\r\n--grenz"
    yield b"\0\0a\0b\0c"
    yield b'uuid:0-1\0http://x/y?z="1"\0a@b\0x/y; charset="utf-8"\0\\\0\xff'


ZIEL = Ziel(
    name="schreiber",
    was="the multipart writer of generic_xta against its reader",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_generic_xta.mehrteilig",),
    erlaubt=(MehrteiligFehler,),
    woerter=(b"\0", b"\r\n", b"\r\n--grenze-1", b"@", b"<", b">", b'"', b"\xc3\xa4", b"\x7f", b" ", b"\t"),
)
