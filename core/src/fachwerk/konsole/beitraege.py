"""The pages that loaded plugins add, and whether a picture of theirs may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

import structlog
from lxml import etree
from markupsafe import Markup

from fachwerk.errors import ContractError
from fachwerk.konsole.beitrag import GRUPPE, Beitrag

log = structlog.get_logger("fachwerk.konsole")

SVG = "http://www.w3.org/2000/svg"
ELEMENTE = frozenset(
    {"svg", "g", "title", "desc", "defs", "pattern", "rect", "line", "polyline", "polygon", "path", "circle"}
    | {"ellipse", "text", "tspan"}
)
ATTRIBUTE = frozenset(
    {"id", "class", "role", "aria-labelledby", "aria-label", "aria-hidden", "width", "height", "viewBox"}
    | {"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "d", "points", "transform"}
    | {"patternUnits", "patternTransform", "fill", "fill-opacity", "opacity"}
    | {"stroke", "stroke-width", "stroke-dasharray", "stroke-opacity"}
    | {"font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"}
)
HOECHSTENS = 2 * 1024 * 1024
"""Characters of a picture."""


def lade(geladene: Iterable[str], punkte: Iterable[EntryPoint] | None = None) -> dict[str, tuple[Beitrag, ...]]:
    """By plugin the pages of those of ``geladene`` that have some.

    One that cannot be imported is left out and logged: the console is there for everybody.
    """
    namen, gefunden = set(geladene), {}
    for punkt in entry_points(group=GRUPPE) if punkte is None else punkte:
        if punkt.name not in namen:
            continue
        try:
            seiten = tuple(punkt.load().SEITEN)
            if not all(isinstance(seite, Beitrag) for seite in seiten):
                raise TypeError(punkt.name)
        except Exception as fehler:  # whatever an import does
            log.warning("konsole_beitrag", plugin=punkt.name, klasse=type(fehler).__name__)
            continue
        gefunden[punkt.name] = seiten
    return gefunden


def finde(beitraege: Mapping[str, tuple[Beitrag, ...]], plugin: str, pfad: str) -> Beitrag | None:
    """The page of that address."""
    return next((seite for seite in beitraege.get(plugin, ()) if seite.pfad == pfad), None)


def sicheres_svg(svg: str) -> Markup:
    """``svg`` for the page. Raises ``ContractError`` for anything but shapes and words."""
    if len(svg) > HOECHSTENS:
        raise _nein("ist zu groß")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        wurzel = etree.fromstring(svg.encode(), parser)
    except etree.XMLSyntaxError:
        raise _nein("ist kein XML") from None
    if "<!DOCTYPE" in svg or wurzel.tag != f"{{{SVG}}}svg":
        raise _nein("ist kein SVG")
    for element in wurzel.iter():
        _pruefe(element)
    wurzel.set("class", "bild")
    return Markup(etree.tostring(wurzel, encoding="unicode"))  # noqa: S704 - every element and attribute was checked


def _pruefe(element: etree._Element) -> None:
    name = element.tag
    if (
        not isinstance(name, str)
        or not name.startswith(f"{{{SVG}}}")
        or name.removeprefix(f"{{{SVG}}}") not in ELEMENTE
    ):
        raise _nein("enthält ein Element, das nicht gezeigt wird")
    for attribut, wert in element.attrib.items():
        fremd = "url(" in str(wert) and not str(wert).startswith("url(#")
        if str(attribut) not in ATTRIBUTE or fremd:
            raise _nein("enthält ein Attribut, das nicht gezeigt wird")


def _nein(was: str) -> ContractError:
    return ContractError("konsole_bild", f"Das Bild einer Erweiterung {was}. Bitte deren Herausgeber nennen.")
