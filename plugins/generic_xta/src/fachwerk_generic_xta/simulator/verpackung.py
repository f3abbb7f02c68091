"""Packs an answer for HTTP: MTOM multipart, or plain with base64, and every way to do it wrong on purpose.

The writer is deliberately not the client's own, so that reader and writer are not wrong in the same way.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from lxml import etree

from fachwerk_generic_xta.simulator.antworten import Antwortteil
from fachwerk_generic_xta.simulator.namen import XOP, q

STUECK = 192 * 1024  # a multiple of three, so that base64 of the pieces joins without padding
_WURZEL = "umschlag@simulator.fachwerk"
_DOCTYPE = b'<!DOCTYPE Envelope [<!ENTITY leer "">]>'
_SOAP_TYP = "application/soap+xml"
_KUERZUNG = 10
_NUR_MEHRTEILIG = frozenset(
    {
        "abgeschnitten",
        "ohne_schlussgrenze",
        "ohne_teil",
        "falsche_cid",
        "doppelte_cid",
        "doctype",
        "kaputtes_xml",
        "cid_prozent",
        "wurzel_zuletzt",
    }
)

Segment = bytes | Antwortteil
Kodierung = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Sendung:
    """An HTTP body: its media type, its length in bytes and its pieces (once)."""

    content_type: str
    laenge: int
    stuecke: Iterator[bytes]


def einfach(umschlag: etree._Element, action: str) -> Sendung:
    """An envelope without content, not multipart (faults)."""
    inhalt = etree.tostring(umschlag, encoding="UTF-8", xml_declaration=True)
    return Sendung(_einfacher_typ(action), len(inhalt), iter([inhalt]))


def verpacke(
    umschlag: etree._Element, action: str, teile: Sequence[Antwortteil], art: str = "", mtom: str = "immer"
) -> Sendung:
    """The envelope and its content, in the mood ``art``, where that does not decide in the way ``mtom`` says."""
    if art == "falsche_groesse" and teile:
        teile[-1].element.set("size", str(teile[-1].groesse + 1))
    if art not in _NUR_MEHRTEILIG and (art == "inline_base64" or mtom == "nie" or (mtom == "auto" and not teile)):
        return _inline(umschlag, action, teile)
    grenze = f"uuid:{uuid.uuid4()}"
    segmente = _mehrteilig(umschlag, grenze, teile, art)
    laenge = sum(map(_laenge, segmente)) - (_KUERZUNG if art == "abgeschnitten" else 0)
    content_type = (
        f'multipart/related; type="application/xop+xml"; boundary="{grenze}"; start="<{_WURZEL}>"; '
        f'start-info="{_SOAP_TYP}"'
    )
    return Sendung(content_type, laenge, _hoechstens(_stuecke(segmente), laenge))


def _mehrteilig(umschlag: etree._Element, grenze: str, teile: Sequence[Antwortteil], art: str) -> list[Segment]:
    kennungen = [_setze_verweis(teil, art) for teil in teile]
    wurzel = etree.tostring(umschlag, encoding="UTF-8")
    wurzelsegmente: list[Segment] = [
        _teilkopf(grenze, f'application/xop+xml; charset=UTF-8; type="{_SOAP_TYP}"', _WURZEL),
        _verdirb(wurzel, art),
    ]
    inhalte: list[list[Segment]] = [
        [_teilkopf(grenze, teil.medientyp, kennung), teil] for teil, kennung in zip(teile, kennungen, strict=True)
    ]
    if art == "falsche_cid" and inhalte:
        inhalte[-1][0] = _teilkopf(grenze, teile[-1].medientyp, f"anders-{kennungen[-1]}")
    if art == "doppelte_cid" and inhalte:
        inhalte.append([inhalte[-1][0], b"doppelt"])
    if art == "ohne_teil":
        inhalte = inhalte[:-1]
    folge = [*inhalte, wurzelsegmente] if art == "wurzel_zuletzt" else [wurzelsegmente, *inhalte]
    schluss = b"" if art in ("abgeschnitten", "ohne_schlussgrenze") else f"\r\n--{grenze}--\r\n".encode()
    return [*(segment for teil in folge for segment in teil), schluss]


def _verdirb(wurzel: bytes, art: str) -> bytes:
    if art == "doctype":
        return _DOCTYPE + wurzel
    return wurzel[: wurzel.rindex(b"</")] if art == "kaputtes_xml" else wurzel


def _inline(umschlag: etree._Element, action: str, teile: Sequence[Antwortteil]) -> Sendung:
    marken = [f"teil-{uuid.uuid4()}" for _ in teile]
    for teil, marke in zip(teile, marken, strict=True):
        teil.element.text = marke
    rest = etree.tostring(umschlag, encoding="UTF-8", xml_declaration=True)
    segmente: list[Segment] = []
    for teil, marke in zip(teile, marken, strict=True):
        davor, _, rest = rest.partition(marke.encode())
        segmente += [davor, teil]
    segmente.append(rest)
    laenge = sum(len(segment) if isinstance(segment, bytes) else 4 * -(-segment.groesse // 3) for segment in segmente)
    return Sendung(_einfacher_typ(action), laenge, _stuecke(segmente, base64.b64encode))


def _setze_verweis(teil: Antwortteil, art: str) -> str:
    """Put an xop:Include into the content element and return the Content-ID it refers to."""
    kennung = f"{uuid.uuid4()}@simulator.fachwerk"
    if art == "cid_prozent":
        kennung = f"anlage/100%+{kennung}"
    teil.element.text = None
    etree.SubElement(teil.element, q(XOP, "Include"), href=f"cid:{quote(kennung, safe='@')}", nsmap={"xop": XOP})
    return kennung


def _teilkopf(grenze: str, medientyp: str, kennung: str) -> bytes:
    sauber = medientyp.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
    return (
        f"\r\n--{grenze}\r\nContent-Type: {sauber}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{kennung}>\r\n\r\n"
    ).encode()


def _einfacher_typ(action: str) -> str:
    return f'{_SOAP_TYP}; charset=UTF-8; action="{action}"' if action else f"{_SOAP_TYP}; charset=UTF-8"


def _laenge(segment: Segment) -> int:
    return len(segment) if isinstance(segment, bytes) else segment.groesse


def _stuecke(segmente: Sequence[Segment], kodiere: Kodierung = bytes) -> Iterator[bytes]:
    for segment in segmente:
        if isinstance(segment, bytes):
            yield segment
            continue
        while stueck := segment.datei.read(STUECK):
            yield kodiere(stueck)


def _hoechstens(stuecke: Iterator[bytes], laenge: int) -> Iterator[bytes]:
    for stueck in stuecke:
        yield stueck[:laenge]
        laenge -= len(stueck)
        if laenge <= 0:
            return
