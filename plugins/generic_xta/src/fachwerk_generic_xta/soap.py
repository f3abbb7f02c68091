"""Envelopes of SOAP 1.2 and references into MIME parts (XOP), as every version of XTA uses them. Pure."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from fachwerk.xml import Grenzen, XmlDokument, XmlFehler, lies
from fachwerk_generic_xta.fehler import AntwortFehler
from fachwerk_generic_xta.mehrteilig import MehrteiligFehler, cid_ziel
from fachwerk_generic_xta.nachricht import Inhaltsteil

if TYPE_CHECKING:
    from lxml.etree import _Element

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
XOP = "http://www.w3.org/2004/08/xop/include"

_LEERRAUM = re.compile(rb"\s|&#(?:9|10|13|x0*[9aAdD]);")
_STUECK, _LAENGSTER_VERWEIS = 1 << 20, 32


@dataclass(frozen=True)
class Umschlag:
    """A SOAP envelope: its bytes, what was read of them, and the MIME parts that came with a small answer."""

    daten: bytes
    dokument: XmlDokument
    anhaenge: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def wurzel(self) -> _Element:
        """The Envelope element."""
        return self.dokument.wurzel


def lies_umschlag(daten: bytes, anhaenge: Mapping[str, bytes] | None = None) -> Umschlag:
    """Parse an envelope; refuses DOCTYPE, what is no SOAP 1.2, and anything beyond the limits of ``fachwerk.xml``."""
    try:
        dokument = lies(io.BytesIO(daten), Grenzen(bytes=len(daten), tiefe=100))
    except XmlFehler as fehler:
        raise AntwortFehler(fehler.code) from None
    if dokument.wurzel.tag != f"{{{SOAP}}}Envelope":
        raise AntwortFehler("kein_soap")
    return Umschlag(daten, dokument, anhaenge or {})


def verweis(cid: str) -> str:
    """The ``href`` of an xop:Include that means the MIME part ``cid``."""
    return f"cid:{quote(cid, safe='@')}"


def verweisziele(bezug: _Element) -> tuple[str, ...]:
    """The Content-IDs a reference may mean: percent-decoded, or as written by servers that encode neither side."""
    href = bezug.get("href", "").strip()
    try:
        return tuple(dict.fromkeys((cid_ziel(href), href[4:])))
    except MehrteiligFehler as fehler:
        raise AntwortFehler(fehler.code) from None


def alle_verweise(umschlag: Umschlag) -> tuple[tuple[str, ...], ...]:
    """The references of the whole envelope in document order."""
    return tuple(verweisziele(glied) for glied in umschlag.wurzel.iter(f"{{{XOP}}}Include"))


def einschluss(element: _Element) -> _Element | None:
    """The one xop:Include of a content element, None where its content stands inside; both at once is refused."""
    gefunden = element.findall(f"{{{XOP}}}Include")
    if len(gefunden) != len(element) or len(gefunden) > 1 or (gefunden and (element.text or "").strip()):
        raise AntwortFehler("inhalt_mehrdeutig")
    return gefunden[0] if gefunden else None


def inline(umschlag: Umschlag, element: _Element) -> str | tuple[int, int]:
    """Where the base64 text of a content element stands: its offsets in the envelope, or, if short, the text."""
    return umschlag.dokument.ausschnitte.get(element, element.text or "")


def inline_strom(umschlag: Umschlag, teil: Inhaltsteil) -> Iterator[bytes]:
    """The content of a part that stands as base64 inside the envelope, piece by piece."""
    return _base64_strom(_kodiert(umschlag, teil.inline))


def kleiner_inhalt(umschlag: Umschlag, element: _Element) -> bytes:
    """The content of an element of a small answer, inside or in a MIME part."""
    bezug = einschluss(element)
    if bezug is None:
        return b"".join(_base64_strom(_kodiert(umschlag, inline(umschlag, element))))
    gefunden = [umschlag.anhaenge[cid] for cid in verweisziele(bezug) if cid in umschlag.anhaenge]
    if len(gefunden) != 1:
        raise AntwortFehler("verweis_mehrdeutig" if gefunden else "verweis_ohne_teil")
    return gefunden[0]


def _kodiert(umschlag: Umschlag, stelle: str | tuple[int, int]) -> Iterator[bytes]:
    """The base64 text of an element in pieces, without white space."""
    if isinstance(stelle, str):
        yield _LEERRAUM.sub(b"", stelle.encode("ascii", errors="replace"))
    elif umschlag.dokument.zeichensatz.startswith("utf-16"):
        text = umschlag.daten[stelle[0] : stelle[1]].decode(umschlag.dokument.zeichensatz)
        yield _LEERRAUM.sub(b"", text.encode("ascii", errors="replace"))
    else:
        yield from _ohne_leerraum(umschlag.daten, *stelle)


def _ohne_leerraum(daten: bytes, von: int, bis: int) -> Iterator[bytes]:
    """A character reference may be cut by the border of two pieces: then its beginning waits for the rest."""
    rest = b""
    for ab in range(von, bis, _STUECK):
        stueck = rest + daten[ab : min(ab + _STUECK, bis)]
        stelle = stueck.rfind(b"&", max(0, len(stueck) - _LAENGSTER_VERWEIS))
        offen = stelle >= 0 and b";" not in stueck[stelle:]
        rest = stueck[stelle:] if offen else b""
        yield _LEERRAUM.sub(b"", stueck[:stelle] if offen else stueck)
    yield rest


def _base64_strom(kodiert: Iterable[bytes]) -> Iterator[bytes]:
    rest, zu_ende = b"", False
    for stueck in kodiert:
        stueck = rest + stueck
        if zu_ende and stueck:
            raise AntwortFehler("base64_ungueltig")
        ganz = len(stueck) - len(stueck) % 4
        ganze, rest = stueck[:ganz], stueck[ganz:]
        zu_ende = ganze.endswith(b"=")
        try:
            yield base64.b64decode(ganze, validate=True)
        except binascii.Error:
            raise AntwortFehler("base64_ungueltig") from None
    if rest:
        raise AntwortFehler("base64_ungueltig")
