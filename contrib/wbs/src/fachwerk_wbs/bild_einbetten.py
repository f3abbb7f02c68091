"""A picture for a page that allows no styles: its classes become attributes of the elements."""

from __future__ import annotations

import re

from lxml import etree

from fachwerk_wbs.bild import NAMENSRAUM, STIL

_REGEL = re.compile(r"^\s*(\.?)([a-z]+) \{ (.*) \}$", re.MULTILINE)
_ANGABE = re.compile(r"([a-z-]+): ([^;]+)")


def _regeln() -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """By element and by class what :data:`STIL` says."""
    je_element: dict[str, dict[str, str]] = {}
    je_klasse: dict[str, dict[str, str]] = {}
    for punkt, name, angaben in _REGEL.findall(STIL):
        (je_klasse if punkt else je_element)[name] = {wie: was.strip() for wie, was in _ANGABE.findall(angaben)}
    return je_element, je_klasse


def einbettbar(svg: str) -> str:
    """``svg`` of :class:`fachwerk_wbs.bild.Zeichnung` looking the same, without style element and attributes."""
    je_element, je_klasse = _regeln()
    wurzel = etree.fromstring(svg.encode())
    for stil in wurzel.findall(f"{{{NAMENSRAUM}}}style"):
        wurzel.remove(stil)
    for element in wurzel.iter(f"{{{NAMENSRAUM}}}*"):
        name = str(element.tag).removeprefix(f"{{{NAMENSRAUM}}}")
        eigene = dict(_ANGABE.findall(str(element.attrib.pop("style", ""))))
        wie = je_element.get(name, {}) | je_klasse.get(str(element.attrib.pop("class", "")), {}) | eigene
        for schluessel, wert in wie.items():
            element.set(schluessel, wert)
        if not element.get("stroke-dasharray", "-"):
            del element.attrib["stroke-dasharray"]
    return etree.tostring(wurzel, encoding="unicode")
