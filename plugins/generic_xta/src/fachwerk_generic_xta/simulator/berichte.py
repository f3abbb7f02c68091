"""Transport reports: what the server says of a message by itself, and what it was told to say."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator.antworten import Antwortteil, mit_text
from fachwerk_generic_xta.simulator.konten import pruefe_schluessel
from fachwerk_generic_xta.simulator.metadaten import schreibe_zeit
from fachwerk_generic_xta.simulator.nachricht import STORNIERT, VERFALLEN, Nachricht
from fachwerk_generic_xta.simulator.namen import XTA, q

BERICHT = "bericht.json"
IDENTITAET = "urn:fachwerk:xta-simulator"
OFFEN, GRUEN, GELB, ROT = range(4)
_LISTE = "urn:fachwerk:xta-simulator:ereignis"
_STUFEN = {"fehler": ("ErrorList", "Error"), "warnung": ("WarnList", "Warning"), "hinweis": ("InfoList", "Info")}
_BERICHT = ("nachricht", "mal", "status", "eintraege", "berichte")
_EINTRAG = ("stufe", "code", "text", "liste", "version")
_ANLAGE = ("art", "text", "liste", "version")


@dataclass(frozen=True)
class Eintrag:
    """A record of a report: ``stufe`` is fehler, warnung or hinweis."""

    stufe: str
    code: str
    text: str
    zeit: datetime
    liste: str = _LISTE
    version: str = "1"


@dataclass(frozen=True)
class Anlage:
    """An additional report: its kind from a code list, and its content."""

    art: str
    inhalt: bytes
    liste: str = _LISTE
    version: str = "1"


@dataclass(frozen=True)
class Stand:
    """A whole report: status 0 open, 1 green, 2 yellow, 3 red."""

    status: int
    eintraege: tuple[Eintrag, ...] = ()
    anlagen: tuple[Anlage, ...] = ()


def stand_von(nachricht: Nachricht, bestellt: bytes | None, jetzt: datetime) -> Stand:
    """What the life of the message says; what was ordered (``bericht.json``) comes on top."""
    eintraege = [Eintrag("hinweis", "ANGENOMMEN", "Angenommen", nachricht.gesendet)]
    status = OFFEN
    if nachricht.zugestellt <= jetzt and nachricht.entfernt != STORNIERT:
        eintraege.append(Eintrag("hinweis", "ZUGESTELLT", "Ins Postfach gelegt", nachricht.zugestellt))
    if nachricht.geschlossen is not None:
        eintraege.append(Eintrag("hinweis", "ABGEHOLT", "Vom Leser abgeholt", nachricht.geschlossen))
        status = GRUEN
    if nachricht.entfernt == STORNIERT:
        eintraege.append(Eintrag("warnung", "STORNIERT", "Vom Autor zurückgezogen", nachricht.entfernt_am or jetzt))
        status = GELB
    if nachricht.entfernt == VERFALLEN:
        eintraege.append(Eintrag("fehler", "VERFALLEN", "Nicht rechtzeitig abgeholt", nachricht.entfernt_am or jetzt))
        status = ROT
    if bestellt is None:
        return Stand(status, tuple(eintraege))
    wunsch = pruefe_bericht(json.loads(bestellt))
    zusatz = [_eintrag(werte, jetzt) for werte in wunsch.get("eintraege", [])]
    return Stand(wunsch.get("status", status), (*eintraege, *zusatz), tuple(map(_anlage, wunsch.get("berichte", []))))


def pruefe_bericht(roh: Any) -> dict[str, Any]:
    """An order as in ``bericht.json`` and in the control command; every problem is a :class:`ConfigError`."""
    werte = dict(pruefe_schluessel(roh, _BERICHT, "Ein Bericht"))
    status = werte.get("status", 0)
    if isinstance(status, bool) or status not in range(4):
        raise _falsch("„status“ ist 0 (offen), 1 (grün), 2 (gelb) oder 3 (rot).")
    mal = werte.get("mal", 1)
    if mal is not None and (isinstance(mal, bool) or not isinstance(mal, int) or mal < 1):
        raise _falsch("„mal“ ist eine Zahl ab 1 oder null (immer).")
    for name, erlaubt in (("eintraege", _EINTRAG), ("berichte", _ANLAGE)):
        for eintrag in _liste(werte.get(name, []), name):
            if not all(isinstance(wert, str) for wert in pruefe_schluessel(eintrag, erlaubt, f"„{name}“").values()):
                raise _falsch(f"Die Werte in „{name}“ sind Texte.")
    if not {eintrag.get("stufe", "hinweis") for eintrag in werte.get("eintraege", [])} <= set(_STUFEN):
        raise _falsch(f"„stufe“ ist {', '.join(_STUFEN)}.")
    return werte


def schreibe(metadaten: etree._Element, stand: Stand, jetzt: datetime) -> tuple[etree._Element, list[Antwortteil]]:
    """The TransportReport and the content of its additional reports."""
    wurzel = etree.Element(q(XTA, "TransportReport"), nsmap={"xta": XTA})
    wurzel.append(metadaten)
    mit_text(wurzel, q(XTA, "ReportTime"), schreibe_zeit(jetzt))
    mit_text(wurzel, q(XTA, "XTAServerIdentity"), IDENTITAET)
    status = etree.SubElement(wurzel, q(XTA, "MessageStatus"))
    mit_text(status, q(XTA, "Status"), str(stand.status))
    for stufe, (liste, name) in _STUFEN.items():
        if eintraege := [eintrag for eintrag in stand.eintraege if eintrag.stufe == stufe]:
            _schreibe_liste(etree.SubElement(status, q(XTA, liste)), name, eintraege)
    if not stand.anlagen:
        return wurzel, []
    anlagen = etree.SubElement(wurzel, q(XTA, "AdditionalReports"))
    return wurzel, [_schreibe_anlage(anlagen, anlage) for anlage in stand.anlagen]


def _schreibe_liste(liste: etree._Element, name: str, eintraege: Iterable[Eintrag]) -> None:
    for eintrag in eintraege:
        element = etree.SubElement(liste, q(XTA, name))
        mit_text(element, q(XTA, "Timestamp"), schreibe_zeit(eintrag.zeit))
        code = etree.SubElement(element, q(XTA, "Code"), listURI=eintrag.liste, listVersionID=eintrag.version)
        mit_text(code, "code", eintrag.code)
        mit_text(element, q(XTA, "Reason"), eintrag.text)


def _schreibe_anlage(anlagen: etree._Element, anlage: Anlage) -> Antwortteil:
    element = etree.SubElement(anlagen, q(XTA, "Report"))
    art = etree.SubElement(element, q(XTA, "Key"), listURI=anlage.liste, listVersionID=anlage.version)
    mit_text(art, "code", anlage.art)
    inhalt = etree.SubElement(element, q(XTA, "Data"))
    return Antwortteil(inhalt, "application/octet-stream", io.BytesIO(anlage.inhalt), len(anlage.inhalt))


def _eintrag(werte: Mapping[str, str], jetzt: datetime) -> Eintrag:
    return Eintrag(
        werte.get("stufe", "hinweis"),
        werte.get("code", "BESTELLT"),
        werte.get("text", ""),
        jetzt,
        werte.get("liste", _LISTE),
        werte.get("version", "1"),
    )


def _anlage(werte: Mapping[str, str]) -> Anlage:
    return Anlage(
        werte.get("art", "BESTELLT"),
        werte.get("text", "").encode(),
        werte.get("liste", _LISTE),
        werte.get("version", "1"),
    )


def _liste(wert: object, name: str) -> list[Any]:
    if not isinstance(wert, list):
        raise _falsch(f"„{name}“ ist eine Liste.")
    return wert


def _falsch(text: str) -> ConfigError:
    return ConfigError("simulator.bericht", text)
