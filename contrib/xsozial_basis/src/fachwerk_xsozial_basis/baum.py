"""Finding one's way in a message by local names: namespaces are mixed in XSozial-basis, and names are what we know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from lxml import etree

_SCHRITT = re.compile(r"([^/\[\]]+)(?:\[([^\[\]]+)\])?")


def lokal(element: etree._Element) -> str:
    """Local name of an element."""
    return str(element.tag).rpartition("}")[2]


def alle(element: etree._Element, pfad: str) -> list[etree._Element]:
    """All elements at ``a/b/c`` below ``element``; ``a[b/c]`` takes only those a that have b/c with a text in it."""
    treffer = [element]
    for name, bedingung in _zerlegt(pfad):
        treffer = [kind for eltern in treffer for kind in eltern.iterchildren(name)]
        if bedingung:
            treffer = [knoten for knoten in treffer if any(map(_hat_text, alle(knoten, bedingung)))]
    return treffer


@cache
def _zerlegt(pfad: str) -> tuple[tuple[str, str | None], ...]:
    """Steps as (name in any or no namespace, condition); paths come from our code and mapping files only."""
    schritte, stelle = [], 0
    for schritt in _SCHRITT.finditer(pfad):
        if pfad[stelle : schritt.start()].strip("/"):
            raise ValueError(f"kein Pfad: {pfad}")
        stelle = schritt.end()
        schritte.append((f"{{*}}{schritt.group(1)}", schritt.group(2)))
    return tuple(schritte)


def _hat_text(element: etree._Element) -> bool:
    return any((text or "").strip() for text in element.itertext())


def text(element: etree._Element, *pfade: str) -> str:
    """The trimmed text at the first of ``pfade`` that has any; empty elements count as absent."""
    for pfad in pfade:
        for knoten in alle(element, pfad):
            if (wert := (knoten.text or "").strip()) and not len(knoten):
                return wert
    return ""


def darunter(element: etree._Element, name: str, ohne: frozenset[str] = frozenset()) -> Iterator[etree._Element]:
    """All elements called ``name`` below ``element``, not looking into those called as in ``ohne`` or into a hit."""
    for treffer in element.iterdescendants(f"{{*}}{name}"):
        for oben in treffer.iterancestors():
            if oben is element:
                yield treffer
            elif lokal(oben) != name and lokal(oben) not in ohne:
                continue
            break


def blaetter(wurzel: etree._Element, ersatz: Mapping[etree._Element, str]) -> list[tuple[str, etree._Element, str]]:
    """Every leaf, attribute and text beside elements as (path, element, text), in the order of the document.

    A path is made of local names, ``[n]`` (from 1) where siblings of one name repeat, ``@name`` for attributes.
    Empty elements and values are left out; ``ersatz`` gives the text of those that were cut out of the tree.
    """
    gefunden: list[tuple[str, etree._Element, str]] = []
    offen = [(wurzel, lokal(wurzel))]
    while offen:
        element, pfad = offen.pop()
        for name, wert in element.attrib.items():
            if roh := wert.strip():
                gefunden.append((f"{pfad}/@{str(name).rpartition('}')[2]}", element, str(roh)))
        kinder = list(element)
        texte = [element.text, *(kind.tail for kind in kinder)]
        eigener = ersatz.get(element) or " ".join(stueck.strip() for stueck in texte if stueck and not stueck.isspace())
        if eigener:
            gefunden.append((f"{pfad}/text()" if kinder else pfad, element, eigener))
        offen += [(kind, f"{pfad}/{schritt}") for kind, schritt in reversed(_mit_nummern(kinder))]
    return gefunden


def _mit_nummern(kinder: list[etree._Element]) -> list[tuple[etree._Element, str]]:
    namen = [lokal(kind) for kind in kinder]
    if len(set(namen)) == len(namen):
        return list(zip(kinder, namen, strict=True))
    anzahl, gesehen = Counter(namen), Counter[str]()
    schritte = []
    for kind, name in zip(kinder, namen, strict=True):
        gesehen[name] += 1
        schritte.append((kind, f"{name}[{gesehen[name]}]" if anzahl[name] > 1 else name))
    return schritte
