"""Eingang → Antrag: what a message says is taken over, what it does not say is a question for a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fachwerk import katalog
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Antrag, Befund, Dokument, Eingang, GehaltenFuer, Schwere, Teil
from fachwerk.xml import XmlFehler, kopf
from fachwerk_xsozial_basis.dokumente import in_reihenfolge, mit_anlagen
from fachwerk_xsozial_basis.falldaten import fall_aus
from fachwerk_xsozial_basis.nachricht import Kopf, Nachricht, lies_nachricht

WURZEL = "vorgang.transportieren.1000001"
NAMENSRAUM = r"https://portalverbund\.d-nrw\.de/efa/XSozial-basis/Version_\d+_\d+_\d+"
VERSIONEN = ("2.2.0", "2.4.0", "2.5.0")
FORMAT = "xsozial_basis"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Aufteilung:
    """The parts of an Eingang by what they are; ``xml`` is None where only documents came."""

    xml: Teil | None
    version: str
    anlagen: tuple[Teil, ...]


def antrag_aus(eingang: Eingang) -> Antrag:
    """Understand ``eingang``. Raises ``NeedsHumanError`` for what nobody may guess (codes in the README)."""
    if eingang.verschluesselt:
        frage = "Die Nachricht ist noch verschlüsselt. Bitte den Schlüssel der Gegenstelle klären und neu abholen."
        raise NeedsHumanError("verschluesselt", frage, fuer=GehaltenFuer.BETRIEB)
    teile = teile_auf(eingang)
    if teile.xml is None:
        return _nur_dokumente(eingang, teile.anlagen)
    if teile.version not in VERSIONEN:
        frage = (
            f"Die Nachricht folgt XSozial-basis {teile.version}; bekannt sind {', '.join(VERSIONEN)}. "
            "Das Original liegt vor. Bitte prüfen, ob eine neue Fassung von Fachwerk sie kennt."
        )
        raise NeedsHumanError("version_unbekannt", frage, {"version": teile.version}, fuer=GehaltenFuer.BETRIEB)
    try:
        nachricht = lies_nachricht(teile.xml)
    except XmlFehler as fehler:
        raise unlesbar(fehler) from None
    return _antrag(eingang, teile, nachricht)


def unlesbar(fehler: XmlFehler) -> NeedsHumanError:
    """Unreadable content is a question for the Sachbearbeitung, with the original at hand."""
    frage = f"Der Antrag ist nicht lesbar. {fehler.hint} Bitte das Original ansehen und bei der Plattform nachfragen."
    code = "inhalt_doctype" if fehler.code == "xml.doctype" else "inhalt_unlesbar"
    return NeedsHumanError(code, frage, {"grund": fehler.code})


def teile_auf(eingang: Eingang) -> Aufteilung:
    """Find the one XML message among the parts; everything else is an attachment.

    No message at all: only documents, if there is a PDF. Raises ``NeedsHumanError`` ``mehrere_nachrichten``,
    ``nachrichtentyp_unbekannt``, ``inhalt_unlesbar`` or ``format_unbekannt``.
    """
    wurzeln = [_wurzel(teil) for teil in eingang.teile]
    stellen = [i for i, wurzel in enumerate(wurzeln) if isinstance(wurzel, tuple) and _ist_nachricht(*wurzel)]
    if len(stellen) > 1:
        frage = "Die Sendung enthält mehrere Anträge im XML. Welcher gilt, oder sind es mehrere Vorgänge?"
        raise NeedsHumanError("mehrere_nachrichten", frage, {"anzahl": str(len(stellen))})
    if stellen:
        raum = wurzeln[stellen[0]]
        anlagen = [teil for i, teil in enumerate(eingang.teile) if i != stellen[0]]
        return Aufteilung(eingang.teile[stellen[0]], _version(raum), in_reihenfolge(anlagen))
    for wurzel in wurzeln:
        if isinstance(wurzel, XmlFehler):
            raise unlesbar(wurzel) from None
    return Aufteilung(None, "", _belege(eingang))


def _wurzel(teil: Teil) -> tuple[str, str] | XmlFehler | None:
    """Namespace and name of the root; None if the part is no XML and need not be, else why it cannot be read."""
    try:
        with teil.oeffnen() as strom:
            return kopf(strom)
    except XmlFehler as fehler:
        return fehler if _soll_xml_sein(teil) else None


def _ist_nachricht(raum: str, wurzel: str) -> bool:
    """Whether this means to be a message of XSozial-basis, known or not: then nothing else may stand in for it."""
    return wurzel == WURZEL or "/XSozial-basis/" in raum


def _version(wurzel: tuple[str, str] | XmlFehler | None) -> str:
    """Version by the namespace, ``unbekannt`` where it does not say; another kind of message is not guessed at."""
    raum, name = wurzel if isinstance(wurzel, tuple) else ("", "")
    if name != WURZEL:
        frage = "Die Nachricht ist von XSozial-basis, aber kein Antrag der bekannten Art. Was soll mit ihr geschehen?"
        raise NeedsHumanError("nachrichtentyp_unbekannt", frage, fuer=GehaltenFuer.BETRIEB)
    return raum.rpartition("Version_")[2].replace("_", ".") if re.fullmatch(NAMENSRAUM, raum) else "unbekannt"


def _soll_xml_sein(teil: Teil) -> bool:
    medientyp = teil.medientyp.partition(";")[0].strip().lower()
    return (
        medientyp in ("application/xml", "text/xml")
        or medientyp.endswith("+xml")
        or (teil.name.lower().endswith(".xml"))
    )


def _belege(eingang: Eingang) -> tuple[Teil, ...]:
    if not any(ist_pdf(teil) for teil in eingang.teile):
        frage = "Die Sendung enthält weder einen Antrag nach XSozial-basis noch ein PDF. Was ist sie?"
        raise NeedsHumanError("format_unbekannt", frage, fuer=GehaltenFuer.BETRIEB)
    return in_reihenfolge(eingang.teile)


def ist_pdf(teil: Teil) -> bool:
    """Whether the content begins like a PDF, whatever it is called."""
    with teil.oeffnen() as strom:
        return b"%PDF-" in strom.read(1024)


def _antrag(eingang: Eingang, teile: Aufteilung, nachricht: Nachricht) -> Antrag:
    kopf_, stand = nachricht.kopf, katalog.leistung_fuer
    leistung = stand(nachricht.kopf.leser, kopf_.dienstkennung, nachricht.vorgangstyp, kopf_.produkt)
    land = katalog.land_des_falls(eingang.kanal_land, kopf_.leser, "")
    falldaten = fall_aus(nachricht.wurzel, leistung.wort, _grunddaten(eingang, nachricht, land))
    return Antrag(
        leistung=leistung.wort,
        leika=leistung.sichere_leika,
        land=land,
        fall=falldaten.fall,
        fall_annahmen=falldaten.annahmen,
        fall_herkunft=dict(falldaten.herkunft),
        befunde=(*nachricht.befunde, *kopf_befunde(nachricht, teile.version), *falldaten.befunde),
        test=eingang.test or kopf_.test,
        format_version=teile.version,
        original=teile.xml,
        **_aus_nachricht(nachricht, teile.anlagen),
        **_aus_eingang(eingang, kopf_.leser),
    )


def _aus_nachricht(nachricht: Nachricht, anlagen: tuple[Teil, ...]) -> dict[str, Any]:
    kopf_ = nachricht.kopf
    return {
        "nachrichten_uuid": kopf_.uuid,
        "vorgangs_id": nachricht.vorgangs_id,
        "erstellt": kopf_.erstellt,
        "leser_name": kopf_.leser_name,
        "autor": kopf_.autor,
        "autor_name": kopf_.autor_name,
        "produkt": kopf_.produkt,
        "dienstkennung": kopf_.dienstkennung,
        "vorgangstyp": nachricht.vorgangstyp,
        "antragsdatum": nachricht.antragsdatum,
        "personen": nachricht.personen,
        "dritte": nachricht.dritte,
        "dokumente": mit_anlagen(nachricht.dokumente, anlagen),
        "felder": nachricht.felder,
        "anlagen": anlagen,
    }


def _aus_eingang(eingang: Eingang, leser: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "leser": leser,
        "ags": katalog.ziffern_aus_kennung(leser),
        "empfangen": eingang.empfangen,
        "zugestellt": eingang.zugestellt,
    }


def _grunddaten(eingang: Eingang, nachricht: Nachricht | None, land: str) -> dict[str, Any]:
    """Land and Stichtag of the case: the day of the application, else the day it reached the office (German time)."""
    tag = nachricht.antragsdatum if nachricht else None
    tag = tag or (eingang.zugestellt or eingang.empfangen).astimezone(_BERLIN).date()
    return {"land": land, "stichtag": tag.isoformat()} if land else {"stichtag": tag.isoformat()}


def _nur_dokumente(eingang: Eingang, teile: tuple[Teil, ...]) -> Antrag:
    """Only PDF came: the Leistung is that of the Kanal, and everything else stands in the documents."""
    leistung = _leistung_des_kanals(eingang)
    land = katalog.land_des_falls(eingang.kanal_land, eingang.kanal_kennung, "")
    hinweis = "Es kam nur ein PDF ohne Antragsdaten; alle Angaben stehen im PDF."
    return Antrag(
        leistung=leistung.wort,
        leika=leistung.sichere_leika,
        land=land,
        fall=_grunddaten(eingang, None, land),
        befunde=(Befund(code="nur_pdf", schwere=Schwere.WARNUNG, text=hinweis),),
        test=eingang.test,
        dokumente=tuple(Dokument(id=teil.id, name=teil.name, teil=teil) for teil in teile),
        original=next(teil for teil in teile if ist_pdf(teil)),
        anlagen=teile,
        **_aus_eingang(eingang, eingang.kanal_kennung),
    )


def _leistung_des_kanals(eingang: Eingang) -> katalog.Leistung:
    """The Leistung the Kanal states by name; else that of its kennung. They must not contradict each other."""
    if not eingang.kanal_leistung:
        return katalog.leistung_fuer(kennung=eingang.kanal_kennung)
    genannt = katalog.leistung(eingang.kanal_leistung)
    praefix = eingang.kanal_kennung.strip().partition(":")[0].lower()
    if genannt is None:
        frage = "Der Kanal nennt eine Leistung, die der Katalog nicht kennt. Bitte den Schlüssel leistung berichtigen."
        raise NeedsHumanError("leistung_unbekannt", frage, fuer=GehaltenFuer.BETRIEB)
    andere = [eintrag.wort for eintrag in katalog.leistungen() if _hat_praefix(eintrag, praefix)]
    if andere and genannt.wort not in andere:
        frage = f"Der Kanal nennt die Leistung {genannt.wort}, seine kennung aber {', '.join(andere)}. Was gilt?"
        raise NeedsHumanError("leistung_widerspruch", frage, fuer=GehaltenFuer.BETRIEB)
    return genannt


def _hat_praefix(leistung: katalog.Leistung, praefix: str) -> bool:
    return any(merkmal.wert == praefix for merkmal in leistung.dvdv_praefixe or ())


def kopf_befunde(nachricht: Nachricht, version: str) -> tuple[Befund, ...]:
    """What the head leaves open or contradicts."""
    kopf_: Kopf = nachricht.kopf
    offen = []
    if kopf_.version and kopf_.version != version:
        offen.append(("version_widerspruch", "Das Attribut version und der Namensraum nennen verschiedene Versionen."))
    if kopf_.nachrichtentyp not in ("", "1000001"):
        offen.append(("nachrichtentyp_unbekannt", "Der Nachrichtentyp im Kopf passt nicht zum Wurzelelement."))
    if not _UUID.fullmatch(kopf_.uuid):
        offen.append(("uuid_fehlt", "Die nachrichtenUUID fehlt oder hat nicht die Form einer UUID."))
    if not nachricht.vorgangs_id:
        offen.append(("vorgangs_id_fehlt", "Die vorgangsID fehlt."))
    return tuple(Befund(code=code, schwere=Schwere.WARNUNG, text=text) for code, text in offen)
