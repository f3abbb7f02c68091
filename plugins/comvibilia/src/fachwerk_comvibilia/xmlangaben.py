"""Reads metadata and receipts: values at the paths a profile names. Pure, but for the stream it is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from lxml import etree

from fachwerk.xml import Grenzen, XmlFehler, lies, zeitpunkt

_GRENZEN = Grenzen(bytes=4 * 1024 * 1024, tiefe=40, elemente=20_000, gesamttext=2 * 1024 * 1024)
LAENGSTER_WERT = 1000
_JA = frozenset({"true", "1", "ja", "test", "yes"})


class Angaben:
    """A small XML document; paths are local names below the root (``a/b``, ``a/@b``), namespaces do not matter."""

    def __init__(self, strom: BinaryIO) -> None:
        """Read it whole, under limits. Raises ``XmlFehler``."""
        self._wurzel = lies(strom, _GRENZEN).wurzel

    def alle(self, pfad: str) -> list[str]:
        """Every value at ``pfad``, trimmed, without the empty ones."""
        return [wert for wert in _werte(self._wurzel, pfad.split("/")) if wert] if pfad else []

    def wert(self, pfad: str) -> str:
        """The first value at ``pfad``, empty if there is none."""
        return next(iter(self.alle(pfad)), "")

    def ja(self, pfad: str) -> bool:
        """Whether the value says yes."""
        return self.wert(pfad).lower() in _JA

    def zeit(self, pfad: str) -> datetime | None:
        """The value as a point in time, None if there is none or it has no zone."""
        try:
            return zeitpunkt(self.wert(pfad)).astimezone(UTC)
        except (XmlFehler, OverflowError):
            return None


def _werte(element: etree._Element, weg: list[str]) -> Iterator[str]:
    erster, rest = weg[0], weg[1:]
    if erster.startswith("@"):
        for name, wert in element.attrib.items():
            if etree.QName(name).localname == erster[1:]:
                yield str(wert).strip()
        return
    for kind in element:
        if isinstance(kind.tag, str) and etree.QName(kind).localname == erster:
            if rest:
                yield from _werte(kind, rest)
            else:
                yield "".join(map(str, kind.itertext())).strip()[:LAENGSTER_WERT]
