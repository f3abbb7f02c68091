"""The documents of a message: inline ones as slices of the XML, attachments by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO, cast

from lxml import etree

from fachwerk.modell import Ausschnitt, Dokument, Teil
from fachwerk.xml import XmlDokument, XmlFehler, entnimm
from fachwerk_xsozial_basis.baum import alle, lokal, text

INHALT = "dokumentRepraesentation/inhalt"
UNLESBAR = "unlesbar"
_TRAEGER = ("dokumentRepraesentation",)
_ANHANG = re.compile(r"anhang_(\d{1,18})(?:\.[^.]*)?", re.IGNORECASE | re.ASCII)
_STUECK = 1 << 20
HOECHSTENS = 500
"""Documents of one message: each is opened several times on its way."""


class _Mitgezaehlt:
    """The document read once from front to back: a stream that knows where it is and stays open."""

    def __init__(self, strom: BinaryIO) -> None:
        self._strom = strom
        self.stelle = 0

    def read(self, anzahl: int) -> bytes:
        daten = self._strom.read(anzahl)
        self.stelle += len(daten)
        return daten

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Left to the owner."""


def dokumente_aus(xml: XmlDokument, teil: Teil) -> tuple[tuple[Dokument, ...], dict[etree._Element, str]]:
    """All documents of the message ``teil``, and for each inline content its size as text, or ``UNLESBAR``.

    Inline content becomes a Teil ``<id of the XML part>#<n>`` that reads the slice; nothing is copied. Base64 that
    cannot be read gives a document without content (the original still has it). More than ``HOECHSTENS`` raise
    ``XmlFehler`` ``xml.dokumente``.
    """
    knotenliste = [*alle(xml.wurzel, "xsozial/dokument"), *alle(xml.wurzel, "xsozial/vorgang/dokument")]
    if max(len(xml.ausschnitte), len(knotenliste)) > HOECHSTENS:
        raise XmlFehler("xml.dokumente", f"Die Nachricht enthält mehr als {HOECHSTENS} Dokumente.")
    groessen = _gemessen(xml, teil)
    dokumente: list[Dokument] = []
    for knoten in knotenliste:
        for fassung in [*alle(knoten, "dokumentRepraesentation")] or [knoten]:
            stelle = next(iter(alle(fassung, "inhalt")), None)
            laenge = groessen.get(stelle) if stelle is not None else None
            inhalt = None
            if stelle is not None and laenge is not None:
                nummer = f"{teil.id}#{len(dokumente) + 1}"
                inhalt = gebunden_wie(_ausschnitt(xml, teil.id, nummer, knoten, stelle, laenge), teil)
            dokumente.append(_dokument(knoten, fassung, inhalt))
    return tuple(dokumente), {knoten: _groesse(laenge) for knoten, laenge in groessen.items()}


def _groesse(laenge: int | None) -> str:
    return UNLESBAR if laenge is None else f"{laenge} Bytes"


def _dokument(knoten: etree._Element, fassung: etree._Element, teil: Teil | None) -> Dokument:
    return Dokument(
        id=text(knoten, "dokumentID") or knoten.get("dokumentID", ""),
        name=text(fassung, "dateiname") or text(knoten, "name"),
        typ=text(knoten, "dokumentTyp/code"),
        teil=teil,
    )


def _ausschnitt(
    xml: XmlDokument, teil_id: str, nummer: str, knoten: etree._Element, stelle: etree._Element, laenge: int
) -> Teil:
    von, bis = xml.ausschnitte[stelle]
    fassung = stelle.getparent()
    fassung = knoten if fassung is None else fassung
    return Teil(
        id=nummer,
        name=text(fassung, "dateiname") or text(knoten, "name"),
        medientyp=text(fassung, "mimeType") or "application/octet-stream",
        laenge=laenge,
        ausschnitt=Ausschnitt(teil_id=teil_id, von=von, bis=bis),
    )


def _gemessen(xml: XmlDokument, teil: Teil) -> dict[etree._Element, int | None]:
    """Decoded length of each inline content (None: unreadable), reading the message once."""
    eltern = {knoten: knoten.getparent() for knoten in xml.ausschnitte}
    stellen = sorted(
        (von, bis, knoten)
        for knoten, (von, bis) in xml.ausschnitte.items()
        if lokal(knoten) == "inhalt" and (darueber := eltern[knoten]) is not None and lokal(darueber) in _TRAEGER
    )
    if not stellen:
        return {}
    with teil.oeffnen() as strom:
        gezaehlt = _Mitgezaehlt(strom)
        return {knoten: _laenge(gezaehlt, von, bis, xml.zeichensatz) for von, bis, knoten in stellen}


def _laenge(strom: _Mitgezaehlt, von: int, bis: int, zeichensatz: str) -> int | None:
    laenge, stelle = 0, strom.stelle
    try:
        with entnimm(cast(BinaryIO, strom), von - stelle, bis - stelle, zeichensatz=zeichensatz) as inhalt:
            while stueck := inhalt.read(_STUECK):
                laenge += len(stueck)
    except XmlFehler:
        return None
    return laenge


def gebunden_wie(teil: Teil, eltern: Teil) -> Teil:
    """``teil``, readable through the reader of ``eltern`` (unbound where that is unbound)."""
    leser = eltern._leser
    return teil.gebunden(leser) if leser is not None else teil


def in_reihenfolge(anlagen: Iterable[Teil]) -> tuple[Teil, ...]:
    """Attachments called ``anhang_NNNN`` by number, then all others as they came."""
    teile = list(anlagen)
    nummern = [_ANHANG.fullmatch(teil.name) for teil in teile]
    reihe = sorted(range(len(teile)), key=lambda i: (0, int(treffer.group(1))) if (treffer := nummern[i]) else (1, i))
    return tuple(teile[i] for i in reihe)


def mit_anlagen(dokumente: tuple[Dokument, ...], anlagen: tuple[Teil, ...]) -> tuple[Dokument, ...]:
    """Documents without content of their own get the one attachment that has their name."""
    return tuple(_mit_anlage(dokument, anlagen) for dokument in dokumente)


def _mit_anlage(dokument: Dokument, anlagen: tuple[Teil, ...]) -> Dokument:
    if dokument.teil is not None or not dokument.name:
        return dokument
    gleiche = [teil for teil in anlagen if teil.name.casefold() == dokument.name.casefold()]
    return dokument.model_copy(update={"teil": gleiche[0]}) if len(gleiche) == 1 else dokument
