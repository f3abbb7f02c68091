"""Safe file names out of hostile ones. Names that citizens send are data; what lands on a disk is made here.

A safe name is plain ASCII, at most 80 characters, valid on Windows, Linux and macOS, has one extension at most and
no extension that a double click would execute. The original name is kept beside it (index.html, vorgang.json).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fachwerk import dateinamen as kern
from fachwerk.dateinamen import ENDUNG_JE_MEDIENTYP

MAX_LAENGE = 80
"""So that folder, sub-folder and name stay below the 260 characters of a Windows path."""

ERSATZNAME = "dokument"
GESPERRT = "gesperrt"

_BEKANNT = frozenset(ENDUNG_JE_MEDIENTYP.values()) | {"jpeg", "tiff", "eml", "msg", "p7s", "p7m", "heif", GESPERRT}
_AKTIV = frozenset(
    """
    ade adp app application appref-ms appx bat chm cmd com cpl desktop dll docm dotm exe gadget hta htm html htc inf
    ins iso isp jar jnlp js jse lnk mht mhtml msc msi msp mst pif potm ppam pps ppsm pptm ps1 psm1 py pyw reg scf scr
    sct settingcontent-ms sh shb shtml svg svgz sys theme url vb vbe vbs vhd vhdx wsc wsf wsh xbap xhtml xht xlam
    xll xlsb xlsm xltm xsl xslt
    """.split()  # noqa: SIM905  eighty quoted words would not be easier to read
)
_UNERLAUBT = re.compile(r"[^A-Za-z0-9._-]+")


def ist_sicher(name: str) -> bool:
    """Whether ``name`` can stand as it is in a path on every system (one segment, no device, no trailing dot)."""
    return kern.ist_sicher(name, MAX_LAENGE)


def sicherer_name(name: str, medientyp: str = "", laenge: int = MAX_LAENGE) -> str:
    """A safe name of at most ``laenge`` (20 or more) characters; the extension comes from the name or the media type.

    Applying it twice changes nothing.
    """
    stamm, endung = _zerlegt(_ascii(name), medientyp.partition(";")[0].strip().lower())
    if endung in _AKTIV:
        stamm, endung = f"{stamm}_{endung}", GESPERRT
    if len(endung) > laenge // 2:
        stamm, endung = f"{stamm}_{endung}", ""
    if kern.ist_geraet(stamm):
        stamm += "_datei"
    schluss = f".{endung}" if endung else ""
    return (stamm[: laenge - len(schluss)].rstrip("_-") or ERSATZNAME) + schluss


def sichere_namen(namen: Iterable[tuple[str, str]], laenge: int = MAX_LAENGE) -> list[str]:
    """Safe names for pairs of name and media type, in order and unique even where case does not count."""
    vergeben: set[str] = set()
    zaehler: dict[str, int] = {}
    ergebnis = []
    for name, medientyp in namen:
        sicher = eindeutig = sicherer_name(name, medientyp, laenge)
        while eindeutig.lower() in vergeben:
            zaehler[sicher.lower()] = nummer = zaehler.get(sicher.lower(), 1) + 1
            eindeutig = _mit_nummer(sicher, nummer, laenge)
        vergeben.add(eindeutig.lower())
        ergebnis.append(eindeutig)
    return ergebnis


def ist_gesperrt(sicher: str) -> bool:
    """Whether the name was changed so that a double click does not execute the file."""
    return sicher.endswith(f".{GESPERRT}")


def _ascii(name: str) -> str:
    """The last path segment in plain ASCII; whatever has no ASCII form becomes ``_``."""
    ohne_ordner = re.split(r"[/\\]", name.rstrip("/\\ "))[-1]
    return re.sub(r"_{2,}", "_", _UNERLAUBT.sub("_", kern.in_ascii(ohne_ordner))).rstrip("._-")


def _zerlegt(name: str, medientyp: str) -> tuple[str, str]:
    """Stem and extension; an unknown extension gives way to that of a known media type."""
    vorgabe = ENDUNG_JE_MEDIENTYP.get(medientyp, "")
    stamm, punkt, endung = name.rpartition(".")
    endung = endung.lower()
    echt = punkt and re.fullmatch(r"[a-z0-9-]{1,20}", endung) and re.search("[a-z]", endung)
    if not echt or (vorgabe and endung not in _BEKANNT | _AKTIV):
        stamm, endung = name, vorgabe
    stamm = re.sub(r"_{2,}", "_", stamm.replace(".", "_")).strip("_-")
    return stamm or ERSATZNAME, endung.strip("-")


def _mit_nummer(sicher: str, nummer: int, laenge: int) -> str:
    stamm, punkt, endung = sicher.partition(".")
    schluss = f"-{nummer}{punkt}{endung}"
    return stamm[: laenge - len(schluss)].rstrip("_-") + schluss
