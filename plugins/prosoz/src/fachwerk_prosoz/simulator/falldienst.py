"""The operations of the invented service and its moods; knows nothing of sockets."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from lxml import etree

from fachwerk.xml import Grenzen, XmlFehler, lies
from fachwerk_prosoz.antwort import wert
from fachwerk_prosoz.simulator.ablauf import Faelle, Launen

RAUM = "urn:fachwerk:simulator:erfunden"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
FAULTS = {
    "ueberlastet": "Ueberlastet",
    "ungueltig": "Ungueltig",
    "rueckfrage": "Rueckfrage",
    "gesperrt": "KontoGesperrt",
    "schon_da": "SchonVorhanden",
    "fault": "NichtBeschrieben",
}
LAUNEN = frozenset(
    {
        *("normal", "langsam", "haengt", "halb", "vorher_tot", "http503", "unverstaendlich", "doctype"),
        *("ablehnend", "doppelt", "verwechselt", *FAULTS),
    }
)
"""langsam: two seconds late; haengt: stores, then silent for a minute; halb: stores, then drops the connection;
vorher_tot: drops it before storing; unverstaendlich: stores, answers nonsense; ablehnend: says that it refuses;
doppelt: answers twice in one breath; verwechselt: stores, gives the answer to the other question."""


@dataclass(frozen=True)
class Reaktion:
    """What goes back, and how."""

    status: int
    inhalt: bytes
    typ: str = "text/xml; charset=utf-8"
    warte_s: float = 0.0
    abbruch: bool = False
    mal: int = 1


class Falldienst:
    """Takes cases and says what it has; the mood is asked for at each hand-over, never at a question.

    ``inhalte`` keeps the documents by case number, in memory, where a test sets it to a dictionary.
    """

    def __init__(self, faelle: Faelle, launen: Launen, eindeutig: bool) -> None:
        self._faelle = faelle
        self._launen = launen
        self._eindeutig = eindeutig
        self.inhalte: dict[str, list[bytes]] | None = None
        self._schloss = threading.Lock()

    def beantworte(self, daten: bytes) -> Reaktion:
        """One request."""
        try:
            rumpf = lies(io.BytesIO(daten), Grenzen(text=1 << 30, gesamttext=1 << 30)).wurzel.find(f"{{{_SOAP}}}Body")
        except XmlFehler:
            return _fault("Ungueltig")
        anfrage = rumpf[0] if rumpf is not None and len(rumpf) else None
        if anfrage is None or etree.QName(anfrage).namespace != RAUM:
            return _fault("Ungueltig")
        if etree.QName(anfrage).localname == "FrageNachFall":
            return self._frage(wert(anfrage, "Kennung"))
        return self._nimm(anfrage)

    def _frage(self, kennung: str) -> Reaktion:
        fall = self._faelle.finde(kennung)
        if fall is None:
            return _ergebnis("FrageNachFallErgebnis", "UNBEKANNT")
        return _ergebnis("FrageNachFallErgebnis", fall.get("status", "UEBERNOMMEN"), fall["fallnummer"])

    def _nimm(self, anfrage: etree._Element) -> Reaktion:
        laune = self._launen.naechste()
        if laune in FAULTS:
            return _fault(FAULTS[laune])
        if laune == "http503":
            return Reaktion(503, b"<html>spaeter</html>", "text/html")
        if laune == "vorher_tot":
            return Reaktion(200, b"", abbruch=True)
        if laune == "ablehnend":
            return _ergebnis("NimmFallAnErgebnis", "ABGELEHNT", grund="Erfundene Ablehnung des Simulators")
        fall = self._lege_an(anfrage)
        gut = _ergebnis("NimmFallAnErgebnis", "ANGENOMMEN", fall)
        umschlag = {
            "halb": Reaktion(200, b"", abbruch=True),
            "haengt": Reaktion(200, gut.inhalt, warte_s=60.0),
            "langsam": Reaktion(200, gut.inhalt, warte_s=2.0),
            "unverstaendlich": Reaktion(200, b"<antwort>guten Tag</antwort>"),
            "doppelt": replace(gut, mal=2),
            "verwechselt": _ergebnis("FrageNachFallErgebnis", "UEBERNOMMEN", fall),
            "doctype": Reaktion(200, b'<!DOCTYPE x [<!ENTITY a "b">]>' + gut.inhalt),
        }
        return umschlag.get(laune, gut)

    def _lege_an(self, anfrage: etree._Element) -> str:
        kennung = wert(anfrage, "Auftrag.Kennung")
        elemente = list(anfrage.iter(f"{{{RAUM}}}Dokument"))
        inhalte = [base64.b64decode(wert(element, "Inhalt")) for element in elemente]
        dokumente = [_dokument(element, inhalt) for element, inhalt in zip(elemente, inhalte, strict=True)]
        with self._schloss:
            alt = self._faelle.finde(kennung) if self._eindeutig else None
            fall = alt or self._faelle.nimm(
                kennung,
                leistung=wert(anfrage, "Auftrag.Leistung"),
                person=wert(anfrage, "Auftrag.Person.Familienname"),
                dokumente=dokumente,
            )
            if self.inhalte is not None:
                self.inhalte[str(fall["fallnummer"])] = inhalte
        return str(fall["fallnummer"])


def _dokument(element: etree._Element, inhalt: bytes) -> dict[str, str]:
    """What came: name, kind and checksum of the content."""
    return {
        "name": wert(element, "Bezeichnung"),
        "art": wert(element, "Art"),
        "sha256": hashlib.sha256(inhalt).hexdigest(),
    }


def _ergebnis(name: str, status: str, fallnummer: str = "", grund: str = "") -> Reaktion:
    teile = [("Status", status), ("Fallnummer", fallnummer), ("Grund", grund)]
    inhalt = "".join(f"<{feld}>{escape(text)}</{feld}>" for feld, text in teile if text)
    return _umschlag(200, f'<{name} xmlns="{RAUM}">{inhalt}</{name}>')


def _fault(detail: str) -> Reaktion:
    inhalt = f'<detail><e:{detail} xmlns:e="{RAUM}">Erfundener Fehler</e:{detail}></detail>'
    kopf = "<faultcode>soap:Server</faultcode><faultstring>Erfundener Fehler des Simulators</faultstring>"
    return _umschlag(500, f"<soap:Fault>{kopf}{inhalt}</soap:Fault>")


def _umschlag(status: int, rumpf: str) -> Reaktion:
    text = f'<soap:Envelope xmlns:soap="{_SOAP}"><soap:Body>{rumpf}</soap:Body></soap:Envelope>'
    return Reaktion(status, text.encode("utf-8"))
