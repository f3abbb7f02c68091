"""The elements of a synthetic message: what is public in its observed names, everything else in our own blocks."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

from lxml import etree

from fachwerk_xsozial_basis.erfunden import STRASSEN

PROFIL = "urn:fachwerk:projektprofil:1"
_RAUM = "https://portalverbund.d-nrw.de/efa/XSozial-basis/Version_"
_LISTE = "urn:xoev-de:d-nrw:codeliste:"
_STAATEN = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:staatsangehoerigkeit"


class Schreiber:
    """Writes one message; ``zufall`` draws what the case file does not say (addresses, ids)."""

    def __init__(self, version: str, zufall: Random) -> None:
        self._raum = _RAUM + version.replace(".", "_")
        self._zufall = zufall

    def wurzel(self, name: str, **attribute: str) -> etree._Element:
        """The root with its attributes."""
        wurzel = etree.Element(f"{{{self._raum}}}{name}", nsmap={"xsb": self._raum, "fw": PROFIL})
        for schluessel, wert in attribute.items():
            wurzel.set(schluessel, wert)
        return wurzel

    def kind(self, eltern: etree._Element, name: str, **attribute: str) -> etree._Element:
        """An element of the standard."""
        return etree.SubElement(eltern, f"{{{self._raum}}}{name}", attribute)

    def wert(self, eltern: etree._Element, name: str, wert: object) -> None:
        """A leaf of the standard."""
        self.kind(eltern, name).text = als_text(wert)

    def frei(self, eltern: etree._Element, name: str, text: str | None = None, **attribute: str) -> etree._Element:
        """An element in no namespace."""
        element = etree.SubElement(eltern, name, attribute)
        element.text = text
        return element

    def code(self, eltern: etree._Element, name: str, code: str, liste: str = "", stand: str = "") -> None:
        """A code element; its child ``code`` is in no namespace."""
        attribute = {"listURI": liste, "listVersionID": stand} if liste else {}
        self.frei(self.kind(eltern, name, **attribute), "code", code)

    def block(self, eltern: etree._Element, name: str, werte: Mapping[str, object]) -> None:
        """One of our own blocks with the leaves that are known; nothing at all where none is."""
        bekannt = {feld: wert for feld, wert in werte.items() if wert is not None}
        if not bekannt:
            return
        block = etree.SubElement(eltern, f"{{{PROFIL}}}{name}")
        for feld, wert in bekannt.items():
            if isinstance(wert, list):
                for eintrag in wert:
                    self.block(block, feld, eintrag)
            else:
                etree.SubElement(block, f"{{{PROFIL}}}{feld}").text = als_text(wert)

    def vorgang(
        self,
        eltern: etree._Element,
        leistung: str,
        fall: Mapping[str, Any],
        tag: date,
        vorgangstyp: str,
        erwachsene_als_dritte: bool,
    ) -> None:
        """The case: persons first, third parties after them, then our own blocks."""
        vorgang = self.kind(eltern, "vorgang")
        self.code(vorgang, "vorgangsTyp", vorgangstyp, f"{_LISTE}vorgangscodes", "10")
        self.wert(vorgang, "antragsDatum", f"{tag.isoformat()}+01:00")
        mitglieder = list(enumerate(fall.get("haushalt") or [], 1))
        kinder = [(nr, wer) for nr, wer in mitglieder if wer.get("rolle") == "kind"]
        personen = kinder if erwachsene_als_dritte and kinder else mitglieder
        for nummer, wer in personen:
            self._person(vorgang, nummer, wer, ist_antrag=personen is kinder, erste=nummer == personen[0][0])
        for nummer, wer in mitglieder:
            if (nummer, wer) not in personen:
                self._dritter(vorgang, nummer, wer)
        if vermieter := (fall.get("miete") or {}).get("vermieter"):
            self._vermieter(vorgang, vermieter)
        self._vorgangsbloecke(vorgang, fall)

    def _person(
        self, vorgang: etree._Element, nummer: int, wer: Mapping[str, Any], *, ist_antrag: bool, erste: bool
    ) -> None:
        person = self.kind(vorgang, "person")
        kennung = f"{'Kind' if wer.get('rolle') == 'kind' else 'Person'}_{nummer}"
        self.wert(person, "personID", kennung)
        self.code(person, "typ", "1010", f"{_LISTE}personentyp", "2")
        self.wert(person, "antragsteller", ist_antrag or wer.get("rolle") == "antragsteller")
        self.wert(person, "schriftgutempfaenger", erste and not ist_antrag)
        self._mensch(self.kind(person, "allgemein"), wer)
        if erste and not ist_antrag:
            self._erreichbar(person)
        leistung = self.kind(person, "beantragteLeistung")
        self.wert(leistung, "beantragteLeistungID", f"Leistung_{kennung}")
        self.code(leistung, "leistungArt", "9900")
        self._personenbloecke(person, nummer, wer)

    def _dritter(self, vorgang: etree._Element, nummer: int, wer: Mapping[str, Any]) -> None:
        """An adult of the household who is only a third party, as contact person of something that is nobody."""
        dritter = self.kind(vorgang, "dritte")
        self.wert(dritter, "dritteID", f"Elternteil_{nummer}")
        self.code(dritter, "dritteTyp", "9020", f"{_LISTE}drittetyp", "3")
        koerper = self.kind(self.kind(dritter, "drittePerson"), "nichtNatuerlichePerson")
        self._erreichbar(koerper)
        self._mensch(self.kind(koerper, "ansprechpartner"), wer)
        self.wert(dritter, "schriftgutempfaenger", True)
        postfach = self.kind(dritter, "postfach")
        self.wert(postfach, "postfachID", UUID(int=self._zufall.getrandbits(128), version=4))
        self.code(postfach, "postfachTyp", "20")
        self.wert(postfach, "provider", "nkb")
        self._personenbloecke(dritter, nummer, wer)

    def _vermieter(self, vorgang: etree._Element, name: str) -> None:
        dritter = self.kind(vorgang, "dritte")
        self.wert(dritter, "dritteID", "Vermieter")
        self.code(dritter, "dritteTyp", "9010", f"{_LISTE}drittetyp", "3")
        koerper = self.kind(self.kind(dritter, "drittePerson"), "nichtNatuerlichePerson")
        etree.SubElement(koerper, f"{{{PROFIL}}}organisation").text = name
        self._anschrift(koerper)

    def _mensch(self, eltern: etree._Element, wer: Mapping[str, Any]) -> None:
        *vornamen, familienname = str(wer.get("name") or "").split() or [""]
        if familienname:
            name = self.kind(eltern, "nameNatuerlichePerson")
            self.kind(name, "titel")
            self.wert(self.kind(name, "familienname"), "name", familienname)
            if vornamen:
                self.wert(self.kind(name, "vorname"), "name", " ".join(vornamen))
        if geburt := wer.get("geburtsdatum"):
            self.wert(self.kind(eltern, "geburt"), "datum", f"{geburt}+00:00")
        if not wer.get("staatsangehoerigkeit"):
            self.code(self.kind(eltern, "staatsangehoerigkeit"), "staatsangehoerigkeit", "000", _STAATEN, "2019-04-01")

    def _erreichbar(self, eltern: etree._Element) -> None:
        self._anschrift(eltern)
        nummer = self._zufall.randint(10, 99)
        for kanal, kennung in (("01", f"antrag-{nummer}@beispiel.example"), ("02", f"030 23125 0{nummer}")):
            weg = self.kind(eltern, "kommunikation")
            self.code(weg, "kanal", kanal)
            self.wert(weg, "kennung", kennung)

    def _anschrift(self, eltern: etree._Element) -> None:
        """The house number stands as a whole where only a part of it belongs."""
        inland = self.kind(self.kind(eltern, "anschrift"), "anschriftInland")
        gebaeude = self.frei(inland, "gebaeude")
        self.frei(gebaeude, "postleitzahl", "00000")
        self.frei(gebaeude, "strasse", self._zufall.choice(STRASSEN))
        self.frei(gebaeude, "teilnummerDerHausnummer", f"{self._zufall.randint(1, 99)}{self._zufall.choice('abc')}")
        self.frei(gebaeude, "wohnort", "Musterow")
        self.frei(gebaeude, "zusatzangaben")

    def _personenbloecke(self, eltern: etree._Element, nummer: int, wer: Mapping[str, Any]) -> None:
        haushalt = {"laufendeNummer": nummer, **_benannt(wer, _JE_PERSON)}
        self.block(eltern, "haushaltsangehoeriger", haushalt)
        zahlt, beitraege = wer.get("zahlt") or {}, wer.get("beitraege") or {}
        einkommen = {
            "keineEinkuenfte": True if wer.get("einkuenfte") == [] else None,
            "einkunft": wer.get("einkuenfte") or None,
            "zahltEinkommensteuer": zahlt.get("einkommensteuer"),
            "zahltKrankenPflegeversicherung": zahlt.get("kranken_pflegeversicherung"),
            "zahltRentenversicherung": zahlt.get("rentenversicherung"),
            "beitragKrankenPflegeversicherung": beitraege.get("kranken_pflegeversicherung"),
            "beitragRentenversicherung": beitraege.get("rentenversicherung"),
            "einkommenMonat": wer.get("einkommen_monat"),
        }
        self.block(eltern, "einkommen", einkommen)
        self.block(eltern, "behinderung", _benannt(wer, _BEHINDERUNG))
        aufenthalt = {
            "staatsangehoerigkeit": wer.get("staatsangehoerigkeit"),
            "titelBis": mit_zone(wer.get("aufenthaltstitel_bis")),
        }
        self.block(eltern, "aufenthalt", aufenthalt)

    def _vorgangsbloecke(self, vorgang: etree._Element, fall: Mapping[str, Any]) -> None:
        haushalt = {
            "eheSeit": mit_zone(fall.get("ehe_seit")),
            "alleinerziehend": fall.get("alleinerziehend"),
            "keinUnterhalt": True if fall.get("unterhalt") == [] else None,
            "unterhalt": fall.get("unterhalt") or None,
            **_benannt(fall, ("vermoegen", "betreuungskosten", "foerderweg", "haerte")),
            "einkommenVon": mit_zone((fall.get("einkommenszeitraum") or {}).get("von")),
            "einkommenBis": mit_zone((fall.get("einkommenszeitraum") or {}).get("bis")),
        }
        self.block(vorgang, "haushalt", haushalt)
        self.block(vorgang, "lage", _benannt(fall, _LAGE))
        for name, felder in _BLOECKE.items():
            self.block(vorgang, name, _benannt(fall.get(name) or {}, felder))

    def dokument(
        self, eltern: etree._Element, nummer: int, name: str, inhalt: bytes | None, medientyp: str, typ: str
    ) -> None:
        """A document; its base64 begins with white space and is broken into lines."""
        dokument = self.kind(eltern, "dokument")
        self.wert(dokument, "dokumentID", "Dok_ID_Antrag" if nummer == 1 else f"Dok_ID_{nummer}")
        self.wert(dokument, "name", name)
        fassung = self.kind(dokument, "dokumentRepraesentation")
        self.wert(fassung, "dokumentRepraesentationID", f"ID_{nummer}")
        self.wert(fassung, "mimeType", medientyp)
        if inhalt is not None:
            zeilen = base64.encodebytes(inhalt).decode("ascii")
            self.wert(fassung, "inhalt", f"\n            {zeilen}")
        self.wert(fassung, "dateiname", name)
        self.kind(fassung, "inhaltTyp")
        self.code(dokument, "dokumentTyp", typ)


_LAGE = (
    *("leistungsbezug", "erwerbsfaehig", "altersrente", "frueher_uebernommen", "verbleib_gewollt"),
    *("leistung_unterkunft", "frueher_uebernommen_am", "fruehere_kuendigung"),
)
_BLOECKE: Mapping[str, tuple[str, ...]] = {
    "miete": (
        *("gesamt", "grundmiete", "nebenkosten", "heizkosten", "beginn", "vermieter"),
        *("wohnflaeche_m2", "vermieter_iban"),
    ),
    "rueckstand": ("betrag", "monate", "energie", "betriebskosten", "kosten", "stand"),
    "gefahr": (
        *("mahnung", "kuendigung", "kuendigung_art", "raeumungsklage", "klage_zugestellt", "gericht", "aktenzeichen"),
        *("termin", "raeumungstermin", "kuendigung_zum", "klage_eingegangen", "urteil"),
    ),
    "selbsthilfe": ("ursache", "raten_angefragt", "raten_abgelehnt", "eigener_betrag", "vermoegen"),
    "aussicht": ("vermieter_setzt_fort", "miete_kuenftig_gesichert", "direktzahlung", "andere_wohnung"),
}
_TAGE = frozenset(
    {
        *("beginn", "stand", "mahnung", "kuendigung", "klage_zugestellt", "termin", "raeumungstermin"),
        *("kuendigung_zum", "klage_eingegangen", "urteil", "fruehere_kuendigung"),
    }
)
"""Fields that hold a day, besides those whose name ends with ``_am``."""

_JE_PERSON = (
    *("rolle", "kindergeld", "ausbildung", "erwerbstaetig", "geteiltes_sorgerecht", "betreuungskosten"),
    *("leistungsbezug", "einzug_am", "auszug_am"),
)
_BEHINDERUNG = ("grad_der_behinderung", "pflegegrad", "haeuslich_pflegebeduerftig", "rollstuhl", "blind")


def _benannt(werte: Mapping[str, Any], felder: Sequence[str]) -> dict[str, object]:
    """``felder`` under the names of our blocks, days with a zone."""
    tage = {feld for feld in felder if feld in _TAGE or feld.endswith("_am")}
    return {in_kamel(f): mit_zone(werte.get(f)) if f in tage else werte.get(f) for f in felder}


def als_text(wert: object) -> str:
    """A value as XML writes it."""
    if isinstance(wert, bool):
        return "true" if wert else "false"
    return wert.isoformat() if isinstance(wert, date) else str(wert)


def mit_zone(tag: object) -> str | None:
    """A day with the zone real messages append."""
    return None if tag is None else f"{als_text(tag)}Z"


def in_kamel(feld: str) -> str:
    """``kuendigung_art`` → ``kuendigungArt``."""
    kopf, *rest = feld.split("_")
    return kopf + "".join(teil.capitalize() for teil in rest)
