"""The multipart reader: any body, in any chunks, is the same parts or the same ``MehrteiligFehler``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geruest import KANARIE, Ziel

from fachwerk_generic_xta.mehrteilig import MehrteiligFehler, cid_ziel, lies_teile

_FESTER_KOPF = 'multipart/related; type="application/xop+xml"; boundary="grenze"; start="<w@x>"'


def lauf(daten: bytes) -> None:
    """First line: the Content-Type (empty: a usual one); the rest is the body."""
    kopf, _, koerper = daten.partition(b"\n")
    content_type = kopf.decode("utf-8", "surrogateescape") or _FESTER_KOPF
    ganz = _gelesen([koerper], content_type)
    klein = 1 + len(koerper) % 7
    in_stuecken = _gelesen((koerper[ab : ab + klein] for ab in range(0, len(koerper), klein)), content_type)
    assert ganz == in_stuecken, "the size of the chunks changes what is read"
    if isinstance(ganz, list):
        for _, _, inhalt in ganz:
            assert inhalt in koerper, "a content nobody sent"
    try:
        cid_ziel(content_type)
    except MehrteiligFehler:
        pass


def _gelesen(stuecke: Iterable[bytes], content_type: str) -> list[tuple[str, bool, bytes]] | str:
    teile = []
    try:
        for teil in lies_teile(stuecke, content_type):
            _ = teil.medientyp
            teile.append((teil.content_id, teil.ist_wurzel, b"".join(teil.strom())))
    except MehrteiligFehler as fehler:
        assert KANARIE not in str(fehler)
        return fehler.code
    return teile


def _koerper(*teile: tuple[str, bytes], grenze: str = "grenze", schluss: str = "--") -> bytes:
    text = b""
    for kopf, inhalt in teile:
        text += f"\r\n--{grenze}\r\n".encode() + kopf.replace("\n", "\r\n").encode() + b"\r\n\r\n" + inhalt
    return text + f"\r\n--{grenze}{schluss}".encode()


def saat() -> Iterator[bytes]:
    wurzel = ("Content-Type: application/xop+xml\nContent-ID: <w@x>", b"<a/>")
    teil = ("Content-Type: application/pdf\nContent-Transfer-Encoding: binary\nContent-ID: <t%40x>", b"%PDF\r\n--gren")
    yield b"\n" + _koerper(wurzel, teil)
    yield b"\nvorspann" + _koerper(teil, wurzel) + b"\r\nnachspann"
    yield b"\n" + _koerper(wurzel, teil, schluss="")
    yield b"\n" + _koerper(wurzel, (f"Content-ID: <{KANARIE}>\n gefaltet", b"\0\xff" * 50), teil)
    yield b"multipart/related; boundary=abc\n" + _koerper(("A: b", b""), grenze="abc", schluss="--  \r\n")
    yield b'Multipart/Related;BOUNDARY="a\\"b c";start=x\n' + _koerper(("Content-ID: x", b"y"), grenze='a"b c')


ZIEL = Ziel(
    name="mehrteilig",
    was="the streaming multipart/related reader of generic_xta",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_generic_xta.mehrteilig",),
    erlaubt=(MehrteiligFehler,),
    woerter=(
        b"\r\n--grenze\r\n", b"\r\n--grenze--", b"\r\n--grenze", b"--grenze--\r\n", b"\r\n\r\n", b"\r\n", b"\n", b"--",
        b"Content-ID: <w@x>", b"Content-Transfer-Encoding: base64", b"boundary=", b"start=", b'"', b"\\", b"cid:%ff",
        b"multipart/related", b" \t",
    ),
)  # fmt: skip
