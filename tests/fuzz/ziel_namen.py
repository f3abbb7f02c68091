"""File names out of hostile ones: plain, safe everywhere, different where they have to be, and never changed twice."""

from __future__ import annotations

from collections.abc import Iterator

from geruest import KANARIE, Los, Ziel

from fachwerk import dateinamen as kern
from fachwerk.errors import PermanentError
from fachwerk_aktenablage import dateinamen as akte
from fachwerk_comvibilia import namen as comvibilia
from fachwerk_prosoz import namen as prosoz

_ENDUNGEN = {"exe", "bat", "js", "vbs", "lnk", "hta", "com", "ps1", "scr"}


def lauf(daten: bytes) -> None:
    """A length, then names and media types in turn."""
    los = Los(daten)
    laenge = 20 + los.zahl(235)
    paare = []
    while los.offen() and len(paare) < 30:
        paare.append((los.text(), los.text()))
    for name, typ in paare:
        _einer(name, typ, laenge)
    sichere = akte.sichere_namen(((n.encode("utf-8", "replace").decode(), t) for n, t in paare), laenge)
    assert len({kern.verglichen(eines) for eines in sichere}) == len(sichere)
    assert all(akte.ist_sicher(eines) or laenge > akte.MAX_LAENGE for eines in sichere)


def _einer(name: str, typ: str, laenge: int) -> None:
    kurz = kern.gekuerzt(name, laenge)
    assert len(kurz) <= laenge
    assert not kern.ist_sicher(name, 255) or kern.ist_sicher(kurz.replace("~", "_"), laenge)
    for sicher in (akte.sicherer_name(name, typ, laenge), comvibilia.sicherer_name(name, laenge=laenge)):
        assert kern.ist_sicher(sicher, laenge), "not a safe name"
    ordentlich = akte.sicherer_name(name, typ, laenge)
    assert akte.sicherer_name(ordentlich, typ, laenge) == ordentlich
    assert not any(ordentlich.lower().endswith(f".{endung}") for endung in _ENDUNGEN)
    assert comvibilia.sicherer_name(comvibilia.sicherer_name(name)) == comvibilia.sicherer_name(name)
    assert prosoz.endung(typ, name) not in _ENDUNGEN
    wort = prosoz.wort(name)
    assert prosoz.wort(wort) == wort
    try:
        gefuellt = prosoz.fuelle(
            "{familienname}_{stamm}.{endung}",
            {"familienname": name, "stamm": "s-1", "endung": prosoz.endung(typ, name)},
        )
    except PermanentError as fehler:
        assert KANARIE not in f"{fehler} {fehler.details}"
    else:
        assert prosoz.ist_sicher(gefuellt)


def saat() -> Iterator[bytes]:
    namen = (
        "Mietvertrag (Foto).PDF", "../../etc/passwd", "C:\\x\\CON.txt", "aux", "a" * 300 + ".docx", "\u202egpj.exe",
        "Stra\u00dfe.p7s", ".bashrc",
        "e\u0301\u0302.tiff",
        "x.", "\ufb01le", "\u0130.xml", "rechnung.pdf.exe ", "\udcff\udcfe", "~$x.doc", "NUL .txt",
        "com\u00b9.txt", KANARIE,
    )  # fmt: skip
    yield b"\x3c" + b"".join(n.encode("utf-8", "surrogateescape") + b"\0application/pdf\0" for n in namen)
    yield b"\0" + b"".join(n.encode("utf-8", "surrogateescape") + b"\0\0" for n in namen[:9])
    yield b"\xebA.pdf\0\0a.PDF\0\0a_.pdf\0\0a-2.pdf\0x/y; charset=z\0"


ZIEL = Ziel(
    name="namen",
    was="file names: core, aktenablage, comvibilia, prosoz",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk.dateinamen", "fachwerk_aktenablage", "fachwerk_comvibilia.namen", "fachwerk_prosoz.namen"),
    woerter=(
        b"\0", b"\0\0", b"CON", b"com1", b"LPT\xc2\xb2", b".", b"..", b"/", b"\\", b".exe", b".pdf", b"_", b"-", b"~",
        b" ", b"\xc3\x9f", b"\xe1\xba\x9e", b"\xc4\xb0", b"\xef\xac\x81", b"\xe2\x84\xa2", b"\xc2\xbd",
        b"\xed\xb3\xbf", b"\xff", b"clock$", b"application/zip", b"text/plain;x=y", b"-2", b"\xf0\x9f\x98\x80",
    ),
)  # fmt: skip
