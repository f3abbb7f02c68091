"""XSD validation without network: schemas come from one folder, findings become a Befund that quotes no value."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from fachwerk.modell import Befund, Schwere
from fachwerk.xml_strom import XmlFehler

if TYPE_CHECKING:
    from fachwerk.xml import XmlDokument

HOECHSTENS = 100
"""Findings reported per document; the rest is counted."""

PRUEFBAR = 5_000
"""Elements up to which a document is validated: libxml2 takes time by the square of them to say where it errs."""

_EINZELN = threading.Lock()
"""One thread at a time loads a schema or validates. A schema has one log of errors for all threads; and libxml2 makes
its built-in types at the first load without guarding them, so of several first loads at once one can fail."""

_PLATZHALTER = "AAAA"
_SCHRITT = re.compile(r"(?:([^:\[\]]+):)?([^:\[\]]+)(?:\[(\d+)\])?")
_TEXTE = (
    ("ELEMENT_CONTENT", "Ein Element steht nicht dort, wo das Schema es vorsieht, oder es fehlt eines davor."),
    ("COMPLEX_TYPE_4", "Ein Pflichtattribut fehlt."),
    ("COMPLEX_TYPE_3", "Ein Attribut ist im Schema nicht vorgesehen."),
    ("COMPLEX_TYPE_2", "Ein Element enthält Text oder Elemente, wo das Schema keine vorsieht."),
    ("ENUMERATION", "Der Wert steht nicht in der Liste der erlaubten Werte."),
    ("PATTERN", "Der Wert hat nicht die vorgeschriebene Form."),
    ("LENGTH", "Der Wert hat nicht die vorgeschriebene Länge."),
    ("DATATYPE", "Der Wert passt nicht zum vorgeschriebenen Datentyp."),
    ("CVC_ELT_1", "Das Wurzelelement kennt dieses Schema nicht."),
    ("CVC_ELT", "Das Element entspricht nicht seiner Erklärung im Schema."),
    ("CVC_AU", "Der Wert eines Attributs ist nicht erlaubt."),
)


class _NurOrdner(etree.Resolver):
    """Answers every include and import with a file below one folder, or with nothing."""

    def __init__(self, ordner: Path) -> None:
        super().__init__()
        self._ordner = ordner
        self.fehlend: list[str] = []

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:  # type: ignore[override]
        datei = self._finde(system_url or "")
        if datei is None:
            self.fehlend.append(Path(urlsplit(system_url or "").path).name)
            return self.resolve_string("", context)  # type: ignore[call-arg]
        return self.resolve_filename(str(datei), context)  # type: ignore[attr-defined]

    def _finde(self, url: str) -> Path | None:
        """A local path below the folder; for an address on the net the one file of that name below the folder."""
        teile = urlsplit(url)
        if teile.scheme in ("", "file"):
            datei = Path(unquote(teile.path)).resolve()
            return datei if datei.is_relative_to(self._ordner) and datei.is_file() else None
        gleichnamige = [d for d in self._ordner.rglob(Path(teile.path).name or "-") if d.is_file()]
        return gleichnamige[0] if len(gleichnamige) == 1 else None


def lade_schema(pfad: Path, ordner: Path | None = None) -> etree.XMLSchema:
    """Load an XSD; includes and imports are found below ``ordner`` (default: that of ``pfad``), never on the network.

    An import by web address is answered with the file of that name in the folder. Raises :class:`XmlFehler`
    ``xml.schema_unlesbar``.
    """
    pfad = pfad.resolve()
    waechter = _NurOrdner((ordner or pfad.parent).resolve())
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False)
    parser.resolvers.add(waechter)
    try:
        with _EINZELN:
            return etree.XMLSchema(etree.parse(str(pfad), parser))
    except (OSError, etree.LxmlError):
        fehlt = f" Es fehlt: {', '.join(waechter.fehlend)}." if waechter.fehlend else ""
        raise XmlFehler("xml.schema_unlesbar", f"Das Schema {pfad.name} lässt sich nicht laden.{fehlt}") from None


def pruefe(dokument: XmlDokument, schema: etree.XMLSchema) -> list[Befund]:
    """Validate: one WARNUNG ``xml.schema`` per place, with the path and a German text that quotes no value.

    A document of more than ``PRUEFBAR`` elements is not validated and says so (``xml.schema_ungeprueft``).
    """
    if sum(1 for _ in dokument.wurzel.iter()) > PRUEFBAR:
        text = f"Das XML hat mehr als {PRUEFBAR} Elemente und wurde nicht gegen das Schema geprüft."
        return [Befund(code="xml.schema_ungeprueft", schwere=Schwere.WARNUNG, text=text)]
    with _ausgefuellt(dokument), _EINZELN:
        if schema.validate(dokument.wurzel):
            return []
        eintraege = list(schema.error_log)  # type: ignore[call-overload]
    befunde: dict[str, Befund] = {}
    for eintrag in eintraege:
        if len(befunde) == HOECHSTENS:
            break
        pfad = _stelle(dokument.wurzel, eintrag.path or "")
        text = _text(eintrag.type_name)
        befunde.setdefault(pfad, Befund(code="xml.schema", schwere=Schwere.WARNUNG, text=text, pfad=pfad))
    return [*befunde.values(), *_rest(len(eintraege), len(befunde))]


def _rest(alle: int, genannt: int) -> list[Befund]:
    if genannt < HOECHSTENS:
        return []
    text = f"Insgesamt {alle} Abweichungen vom Schema; genannt sind die ersten {genannt} Stellen."
    return [Befund(code="xml.schema", schwere=Schwere.WARNUNG, text=text)]


@contextmanager
def _ausgefuellt(dokument: XmlDokument) -> Iterator[None]:
    """Cut-out elements hold a valid piece of base64 while the schema looks at them."""
    for element in dokument.ausschnitte:
        element.text = _PLATZHALTER
    try:
        yield
    finally:
        for element in dokument.ausschnitte:
            element.text = None


def _text(art: str) -> str:
    treffer = (text for muster, text in _TEXTE if muster in art)
    return next(treffer, "Das XML entspricht hier nicht dem Schema.")


def _stelle(wurzel: etree._Element, xpath: str) -> str:
    """libxml2's node path (``/xsb:a/*[2]``) as our path of local names."""
    element, schritte = wurzel, xpath.strip("/").split("/")[1:]
    for schritt in schritte:
        naechstes = _kind(element, schritt)
        if naechstes is None:
            break
        element = naechstes
    return pfad_von(element)


def _kind(element: etree._Element, schritt: str) -> etree._Element | None:
    treffer = _SCHRITT.fullmatch(schritt)
    if treffer is None:
        return None
    praefix, name, nummer = treffer.groups()
    passend = [kind for kind in element if name == "*" or _heisst(kind, praefix, name)]
    stelle = int(nummer or 1) - 1
    return passend[stelle] if stelle < len(passend) else None


def _heisst(element: etree._Element, praefix: str | None, name: str) -> bool:
    return element.prefix == praefix and _lokal(element) == name


def pfad_von(element: etree._Element) -> str:
    """Path of local names from the root, ``[n]`` (from 1) where siblings of that local name repeat."""
    schritte = []
    knoten: etree._Element | None = element
    while knoten is not None:
        schritte.append(_schritt(knoten))
        knoten = knoten.getparent()
    return "/".join(reversed(schritte))


def _lokal(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _schritt(element: etree._Element) -> str:
    name = _lokal(element)
    davor = sum(1 for _ in element.itersiblings(f"{{*}}{name}", preceding=True))
    danach = next(element.itersiblings(f"{{*}}{name}"), None)
    return f"{name}[{davor + 1}]" if davor or danach is not None else name
