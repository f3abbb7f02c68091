"""Containers of COM Vibilia, ZIP and MIME: they come apart within limits, or are a ``BehaelterFehler``."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator

from geruest import KANARIE, Ziel

from fachwerk_comvibilia.behaelter import BehaelterFehler, Grenzen, zerlege

_GRENZEN = Grenzen(teile=20, bytes=1 << 20)


def lauf(daten: bytes) -> None:
    """First byte ``z``: a ZIP; anything else: a multipart file."""
    gelesen = teile = 0
    for stueck in zerlege(io.BytesIO(daten[1:]), "zip" if daten[:1] == b"z" else "multipart", _GRENZEN):
        teile += 1
        gelesen += sum(map(len, stueck.inhalt))
    assert teile <= _GRENZEN.teile
    assert gelesen <= _GRENZEN.bytes


def _zip(*dateien: tuple[str, bytes], art: int = zipfile.ZIP_DEFLATED) -> bytes:
    strom = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(strom, "w", art) as archiv:  # twice one name
        for name, inhalt in dateien:
            archiv.writestr(zipfile.ZipInfo(name), inhalt, art)
    return b"z" + strom.getvalue()


def saat() -> Iterator[bytes]:
    yield _zip(("nachricht.xml", b"<a/>"), ("../" + KANARIE, b"x" * 400), ("ordner/", b""))
    yield _zip(("a", b"1"), ("a", b"2"), art=zipfile.ZIP_STORED)
    yield _zip(("null", b"\0" * 900_000), ("b", b"bz" * 50), art=zipfile.ZIP_BZIP2)
    yield _zip(("l", b"lz" * 50), art=zipfile.ZIP_LZMA)
    kopf = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="g"\r\n\r\n'
    teil = b'--g\r\nContent-Type: application/xml\r\nContent-Disposition: attachment; filename="n.xml"\r\n\r\n<a/>\r\n'
    zwei = b"--g\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\nRA==\r\n"
    zwei += b"--g\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41=\r\n"
    yield b"m" + kopf + teil + zwei + b"--g--\r\n"
    yield b"m" + teil + b"--g\nContent-Disposition: inline; filename*=utf-8''%e4%ff.pdf\n\nx\n--g--"
    yield b"m" + kopf.replace(b'"g"', b"=?utf-8?q?=e4?=") + teil


ZIEL = Ziel(
    name="behaelter",
    was="containers of comvibilia: ZIP and MIME multipart",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_comvibilia.behaelter", "zipfile", "email"),
    erlaubt=(BehaelterFehler,),
    woerter=(
        b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\xff\xff\xff\xff", b"--g\r\n",
        b"--g--", b"boundary=", b"boundary*0=", b"boundary*=utf-8''%e4", b"filename*0*=",
        b"Content-Type: multipart/mixed\r\n", b"base64", b"\r\n\r\n", b"Content-Transfer-Encoding: ",
        b"=?utf-8?b?/w==?=", b"=", b"\x08\x08", b"\xc3\xa4",
    ),
)  # fmt: skip
