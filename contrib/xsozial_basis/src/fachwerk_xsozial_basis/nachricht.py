"""One transport message as typed values: head, persons, third parties, documents, every leaf. Nothing is decided here.

Element names are those observed in real messages (and of the XÖV building blocks they are made of). What stands
elsewhere is still in :attr:`Nachricht.felder`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

from lxml import etree

from fachwerk.modell import (
    Anschrift,
    Befund,
    Dokument,
    Dritter,
    Kommunikation,
    Name,
    Person,
    Schwere,
    Teil,
)
from fachwerk.xml import XmlDokument, XmlFehler, datum, lies, pfad_von, zeitpunkt
from fachwerk_xsozial_basis.baum import alle, blaetter, darunter, text
from fachwerk_xsozial_basis.dokumente import INHALT, UNLESBAR, dokumente_aus

T = TypeVar("T")
_GELESEN: WeakKeyDictionary[Teil, XmlDokument] = WeakKeyDictionary()
"""What was read of a part that is about to be validated; gone with the part."""

_OHNE_GEBURT = frozenset({"geburt"})
_HOECHSTENS = 200
_UNLESBAR = "Dieser Wert hat nicht die vorgesehene Form und gilt als unbekannt; bitte im Original nachsehen."
_BESCHAEDIGT = (
    "Ein eingebettetes Dokument ist beschädigt und nicht lesbar. Es steht nur im Original; bitte bei der "
    "antragstellenden Person nachfordern."
)


@dataclass(frozen=True)
class Kopf:
    """The head as sent; empty where absent."""

    version: str = ""
    uuid: str = ""
    nachrichtentyp: str = ""
    erstellt: datetime | None = None
    leser: str = ""
    leser_name: str = ""
    autor: str = ""
    autor_name: str = ""
    dienstkennung: str = ""
    produkt: str = ""
    hersteller: str = ""
    test: bool = False


@dataclass(frozen=True)
class Nachricht:
    """A message as read, with its tree for the mapping of case data."""

    wurzel: etree._Element
    kopf: Kopf = Kopf()
    vorgangs_id: str = ""
    vorgangstyp: str = ""
    antragsdatum: date | None = None
    personen: tuple[Person, ...] = ()
    dritte: tuple[Dritter, ...] = ()
    dokumente: tuple[Dokument, ...] = ()
    felder: dict[str, str] = field(default_factory=dict)
    befunde: tuple[Befund, ...] = ()


def lies_nachricht(teil: Teil) -> Nachricht:
    """Read the part ``teil``; raises ``XmlFehler`` where it is no readable XML."""
    _GELESEN[teil] = xml = _lies(teil)
    return _Leser(xml, teil).lies()


def lies_noch_einmal(teil: Teil) -> XmlDokument:
    """The document of ``teil`` for its second reader: as the first one left it, if the same part is still at hand."""
    xml = _GELESEN.pop(teil, None)
    return _lies(teil) if xml is None else xml


def _lies(teil: Teil) -> XmlDokument:
    with teil.oeffnen() as strom:
        return lies(strom, schneide=(INHALT,))


class _Leser:
    """Collects the findings of one reading."""

    def __init__(self, xml: XmlDokument, teil: Teil) -> None:
        self.xml = xml
        self.teil = teil
        self.befunde: list[Befund] = []

    def lies(self) -> Nachricht:
        wurzel = self.xml.wurzel
        dokumente, groessen = dokumente_aus(self.xml, self.teil)
        vorgang = "xsozial/vorgang"
        return Nachricht(
            wurzel=wurzel,
            kopf=self._kopf(wurzel),
            vorgangs_id=text(wurzel, "xsozial/identifikationVorgang/vorgangsID"),
            vorgangstyp=text(wurzel, f"{vorgang}/vorgangsTyp/code"),
            antragsdatum=self._wert(wurzel, f"{vorgang}/antragsDatum", datum),
            personen=tuple(self._person(knoten) for knoten in alle(wurzel, f"{vorgang}/person")),
            dritte=tuple(self._dritter(knoten) for knoten in alle(wurzel, f"{vorgang}/dritte")),
            dokumente=dokumente,
            felder=self._felder(groessen),
            befunde=tuple(self.befunde),
        )

    def _kopf(self, wurzel: etree._Element) -> Kopf:
        nachricht, kopf = "nachrichtenkopf.g2g/identifikation.nachricht", "nachrichtenkopf.g2g"
        return Kopf(
            version=(wurzel.get("version") or "").strip(),
            uuid=text(wurzel, f"{nachricht}/nachrichtenUUID"),
            nachrichtentyp=text(wurzel, f"{nachricht}/nachrichtentyp/code"),
            erstellt=self._wert(wurzel, f"{nachricht}/erstellungszeitpunkt", zeitpunkt),
            leser=text(wurzel, f"{kopf}/leser/kennung"),
            leser_name=text(wurzel, f"{kopf}/leser/name"),
            autor=text(wurzel, f"{kopf}/autor/kennung"),
            autor_name=text(wurzel, f"{kopf}/autor/name"),
            dienstkennung=text(wurzel, f"{kopf}/dvdvDienstkennung"),
            produkt=(wurzel.get("produkt") or "").strip(),
            hersteller=(wurzel.get("produkthersteller") or "").strip(),
            test=wurzel.get("test") is not None,
        )

    def _person(self, knoten: etree._Element) -> Person:
        return Person(
            id=text(knoten, "personID") or knoten.get("id", ""),
            name=_name(knoten, "allgemein/nameNatuerlichePerson", "nameNatuerlichePerson"),
            geburtsdatum=self._wert_in(knoten, datum, "allgemein/geburt/datum", "geburt/datum"),
            geschlecht=text(knoten, "allgemein/geschlecht/geschlecht/code", "geschlecht/geschlecht/code"),
            staatsangehoerigkeit=_staaten(knoten),
            familienstand=text(
                knoten, "allgemein/familienstand/familienstand/code", "familienstand/familienstand/code"
            ),
            typ=text(knoten, "typ/code"),
            antragsteller=self._wert(knoten, "antragsteller", ja_nein),
            schriftgutempfaenger=self._wert(knoten, "schriftgutempfaenger", ja_nein),
            anschriften=_anschriften(knoten),
            kommunikation=_kommunikation(knoten),
        )

    def _dritter(self, knoten: etree._Element) -> Dritter:
        natuerlich, andere = "drittePerson/natuerlichePerson", "drittePerson/nichtNatuerlichePerson"
        mensch = f"{andere}/ansprechpartner"
        return Dritter(
            id=text(knoten, "dritteID") or knoten.get("id", ""),
            typ=text(knoten, "dritteTyp/code"),
            name=_name(knoten, f"{natuerlich}/nameNatuerlichePerson", f"{mensch}/nameNatuerlichePerson"),
            organisation=text(knoten, f"{andere}/organisation", f"{andere}/name/name", f"{andere}/name"),
            geburtsdatum=self._wert_in(knoten, datum, f"{natuerlich}/geburt/datum", f"{mensch}/geburt/datum"),
            staatsangehoerigkeit=_staaten(knoten),
            anschriften=_anschriften(knoten),
            kommunikation=_kommunikation(knoten),
            schriftgutempfaenger=self._wert(knoten, "schriftgutempfaenger", ja_nein),
            postfach=text(knoten, "postfach/postfachID"),
        )

    def _wert_in(self, knoten: etree._Element, lesart: Callable[[str], T], *pfade: str) -> T | None:
        treffer = next((pfad for pfad in pfade if text(knoten, pfad)), None)
        return self._wert(knoten, treffer, lesart) if treffer else None

    def _wert(self, knoten: etree._Element, pfad: str, lesart: Callable[[str], T]) -> T | None:
        """The value at ``pfad``; what cannot be read stays unknown and is reported."""
        roh = text(knoten, pfad)
        try:
            return lesart(roh) if roh else None
        except (XmlFehler, ValueError):
            if len(self.befunde) < _HOECHSTENS:
                self._melde("wert_unlesbar", Schwere.WARNUNG, _UNLESBAR, f"{pfad_von(knoten)}/{pfad}")
            return None

    def _felder(self, groessen: dict[etree._Element, str]) -> dict[str, str]:
        """Every leaf; one that was cut out gives its size, a second attribute of one name gets a number."""
        laengen = {knoten: f"{bis - von} Bytes" for knoten, (von, bis) in self.xml.ausschnitte.items()}
        felder: dict[str, str] = {}
        for pfad, knoten, wert in blaetter(self.xml.wurzel, {**laengen, **groessen}):
            if groessen.get(knoten) == UNLESBAR:
                self._melde("dokument_unlesbar", Schwere.FEHLER, _BESCHAEDIGT, pfad)
            elif knoten in laengen and knoten not in groessen:
                self._melde("feld_zu_lang", Schwere.WARNUNG, f"Dieses Feld ({wert}) steht nur im Original.", pfad)
            felder[_freier_name(felder, pfad)] = wert
        return felder

    def _melde(self, code: str, schwere: Schwere, hinweis: str, pfad: str) -> None:
        if len(self.befunde) < _HOECHSTENS:
            self.befunde.append(Befund(code=code, schwere=schwere, text=hinweis, pfad=pfad))


def ja_nein(wert: str) -> bool:
    """An xs:boolean; anything else raises ``ValueError``."""
    if wert in ("true", "1"):
        return True
    if wert in ("false", "0"):
        return False
    raise ValueError("kein Wahrheitswert")


def _freier_name(felder: dict[str, str], pfad: str) -> str:
    nummer, name = 1, pfad
    while name in felder:
        nummer += 1
        name = f"{pfad}[{nummer}]"
    return name


def _name(knoten: etree._Element, *pfade: str) -> Name:
    for name in (treffer for pfad in pfade for treffer in alle(knoten, pfad)):
        return Name(
            familienname=text(name, "familienname/name", "familienname"),
            vorname=text(name, "vorname/name", "vorname"),
            titel=text(name, "titel"),
            geburtsname=text(name, "geburtsname/name", "geburtsname"),
        )
    return Name()


def _staaten(knoten: etree._Element) -> tuple[str, ...]:
    codes = (text(stelle, "staatsangehoerigkeit/code", "code") for stelle in darunter(knoten, "staatsangehoerigkeit"))
    return tuple(code for code in codes if code)


def _anschriften(knoten: etree._Element) -> tuple[Anschrift, ...]:
    gefunden = (_anschrift(stelle) for stelle in darunter(knoten, "anschrift", _OHNE_GEBURT))
    return tuple(anschrift for anschrift in gefunden if anschrift != Anschrift())


def _anschrift(knoten: etree._Element) -> Anschrift:
    """XInneres style; the house number is joined from all three parts, whichever the sender used."""
    inland = next(iter(alle(knoten, "anschriftInland")), knoten)
    haus = next(iter(alle(inland, "gebaeude") + alle(inland, "postfach[wohnort]")), inland)
    nummer = (text(haus, "hausnummer"), text(haus, "hausnummerBuchstabeZusatzziffer"))
    return Anschrift(
        strasse=text(haus, "strasse"),
        hausnummer=" ".join(filter(None, ("".join(nummer), text(haus, "teilnummerDerHausnummer")))),
        postleitzahl=text(haus, "postleitzahl"),
        wohnort=text(haus, "wohnort", "ort"),
        zusatz=text(haus, "zusatzangaben", "zusatz"),
        postfach=text(haus, "postfach"),
        staat=text(knoten, "anschriftAusland/staat/code", "staat/code"),
    )


def _kommunikation(knoten: etree._Element) -> tuple[Kommunikation, ...]:
    gefunden = (
        Kommunikation(kanal=text(stelle, "kanal/code"), kennung=text(stelle, "kennung"))
        for stelle in darunter(knoten, "kommunikation")
    )
    return tuple(weg for weg in gefunden if weg.kennung)
