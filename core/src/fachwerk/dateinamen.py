"""What a file name may be on every system. Names that citizens send are data; what lands on a disk is made of these.

Pure. A safe name is plain ASCII, valid on Windows, Linux and macOS, no device and not hidden; names that differ only
in case, or in the form of their umlauts, are one name to some folder.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

ENDUNG_JE_MEDIENTYP: Mapping[str, str] = {
    "application/pdf": "pdf", "application/xml": "xml", "text/xml": "xml", "text/plain": "txt", "text/csv": "csv",
    "image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif", "image/gif": "gif", "image/bmp": "bmp",
    "image/heic": "heic", "image/webp": "webp", "application/json": "json", "application/zip": "zip",
    "application/rtf": "rtf", "application/msword": "doc", "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt", "application/vnd.oasis.opendocument.spreadsheet": "ods",
}  # fmt: skip
"""Extensions nobody executes by a double click."""

_UMSCHRIFT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS",
                            "æ": "ae", "Æ": "Ae", "ø": "oe", "Ø": "Oe", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L",
                            "đ": "d", "Đ": "D", "ı": "i", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D"})  # fmt: skip
_GERAET = re.compile(r"(con|prn|aux|nul|clock|com\d|lpt\d)", re.ASCII | re.IGNORECASE)
_SICHER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_LAENGSTE_ENDUNG = 10


def ist_geraet(stamm: str) -> bool:
    """Whether Windows takes a name with this stem (what comes before the first dot) for a device."""
    return _GERAET.fullmatch(stamm) is not None


def ist_sicher(name: str, laenge: int) -> bool:
    """Whether ``name`` can stand as it is in a path on every system: one segment of at most ``laenge`` characters."""
    return (
        len(name) <= laenge
        and _SICHER.fullmatch(name) is not None
        and not name.endswith(".")
        and not ist_geraet(name.partition(".")[0])
    )


def in_ascii(text: str) -> str:
    """``text`` with umlauts written out and without accents; what has no such form stays for the caller to replace."""
    umschrift = unicodedata.normalize("NFC", text).translate(_UMSCHRIFT)
    grundform = unicodedata.normalize("NFKD", umschrift)
    return "".join(zeichen for zeichen in grundform if not unicodedata.combining(zeichen))


def verglichen(name: str) -> str:
    """What two names have in common that some folder does not keep apart."""
    return unicodedata.normalize("NFC", name).casefold()


def gekuerzt(name: str, platz: int) -> str:
    """``name`` in at most ``platz`` characters; what is cut off is stood for by a hash, the extension stays."""
    if len(name) <= platz:
        return name
    stamm, punkt, endung = name.rpartition(".")
    schluss = f".{endung}" if punkt and stamm and len(endung) <= _LAENGSTE_ENDUNG else ""
    marke = f"~{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    if len(marke) + len(schluss) >= platz:
        schluss = ""
    return name[: max(platz - len(marke) - len(schluss), 1)] + marke + schluss
