"""The operations of the XTA server: who may, what happens to the mailbox, what is answered."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from fachwerk_generic_xta.simulator import antworten
from fachwerk_generic_xta.simulator.anfrage import Anfrage
from fachwerk_generic_xta.simulator.annahme import Annahme, Teildatei
from fachwerk_generic_xta.simulator.antworten import Antwort, Antwortteil, Listenzeile
from fachwerk_generic_xta.simulator.auswahl import Auswahl, lies_auswahl, lies_hoechstzahl, lies_listenform
from fachwerk_generic_xta.simulator.fehler import SoapFehler, XtaFehler
from fachwerk_generic_xta.simulator.konten import Konto
from fachwerk_generic_xta.simulator.metadaten import Kopfdaten, lies_kopfdaten, lies_partei, mit_groesse, mit_zeiten
from fachwerk_generic_xta.simulator.namen import OSCI, OSCIMETA, VORGAENGE, WSA, XTA, Vorgang, q
from fachwerk_generic_xta.simulator.postfach import BEHAELTER, METADATEN, Nachricht, Postfach
from fachwerk_generic_xta.simulator.umschlag import INHALTSELEMENTE


@dataclass(frozen=True)
class Einstellungen:
    """How the server behaves where real servers differ; sizes in bytes."""

    groessengrenze: int = 40_000_000
    listenlaenge: int = 100
    streng: bool = False
    """Refuse a close whose MsgBoxRequestID was never given out, and a request without Author."""
    nur_neue: bool = False
    """A status list without newEntry leaves out what was fetched already (since the start of the server)."""
    inhalt_behalten: bool = False
    """Keep the content of closed messages."""


class Dienst:
    """The server without HTTP; safe to use from several threads."""

    def __init__(self, postfach: Postfach, konten: Mapping[str, Konto], einstellungen: Einstellungen) -> None:
        self.postfach = postfach
        self.konten = dict(konten)
        self.einstellungen = einstellungen
        self._abgerufen: set[str] = set()
        self._abfragen: Counter[str] = Counter()
        self._schloss = threading.Lock()
        self._vorgaenge: Mapping[str, Callable[[Konto, Anfrage, Annahme], Antwort]] = {
            "checkAccountActive": self._konto_aktiv,
            "createMessageId": self._neue_kennung,
            "lookupService": self._dienstauskunft,
            "getTransportReport": self._bericht,
            "sendMessage": self._nimm_an,
            "getStatusList": self._liste,
            "getMessage": self._gib_aus,
            "close": self._schliesse,
        }

    def vorgang(self, port: str, anfrage: Anfrage) -> Vorgang:
        """The operation asked for, if this port offers it."""
        vorgang = VORGAENGE.get(anfrage.action)
        if vorgang is None or vorgang.port != port:
            raise SoapFehler(
                "Diesen Vorgang gibt es an dieser Adresse nicht.",
                unterkode="ActionNotSupported",
                action=anfrage.action,
            )
        return vorgang

    def bearbeite(self, vorgang: Vorgang, konto_name: str, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """Carry out the operation for the account of the client certificate."""
        konto = self.konten.get(konto_name)
        if konto is None:
            raise XtaFehler("9012")
        if konto.gesperrt:
            raise XtaFehler("9011")
        return self._vorgaenge[vorgang.name](konto, anfrage, annahme)

    def _konto_aktiv(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        self._rollen(konto, anfrage)
        return Antwort()

    def _neue_kennung(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        self._rollen(konto, anfrage)
        kennung = self.postfach.reserviere(konto.name)
        return Antwort(rumpf=antworten.nachrichtenkennung(kennung), vermerk=f"id={kennung}")

    def _dienstauskunft(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        self._rollen(konto, anfrage)
        rumpf = _erwarte(anfrage, q(XTA, "LookupServiceRequest"))
        ergebnisse = []
        for frage in rumpf.iter(q(XTA, "LookupService")):
            leser, dienst = frage.find(q(OSCIMETA, "Reader")), frage.findtext(q(XTA, "ServiceType"))
            if leser is None or dienst is None:
                raise XtaFehler("9020", "Eine Dienstanfrage braucht Reader und ServiceType.")
            ergebnisse.append((leser, dienst, self._kennt_leser(lies_partei(leser))))
        return Antwort(rumpf=antworten.dienstauskunft(ergebnisse))

    def _bericht(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        self._rollen(konto, anfrage)
        kennung = (_erwarte(anfrage, q(WSA, "MessageID")).text or "").strip()
        nachricht = self.postfach.finde(kennung)
        if nachricht is None or nachricht.konto != konto.name:
            raise XtaFehler("9070")
        status = 0 if nachricht.geschlossen is None else 1
        rumpf = antworten.bericht(self._metadaten(nachricht), self.postfach.jetzt(), status)
        return Antwort(rumpf=rumpf, vermerk=f"id={nachricht.id} stand={status}")

    def _nimm_an(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        metadaten = anfrage.kopf.find(q(OSCIMETA, "MessageMetaData"))
        if metadaten is None:
            raise XtaFehler("9020", "Der Header MessageMetaData fehlt.")
        kopfdaten = lies_kopfdaten(metadaten)
        if kopfdaten.autor not in konto.kennungen:
            raise XtaFehler("9014")
        if annahme.zu_gross:
            raise XtaFehler("9023")
        self.postfach.pruefe_kennung(kopfdaten.nachricht_id, konto.name)
        if not self._kennt_leser(kopfdaten.leser):
            raise XtaFehler("9032", "Zu diesem Leser gibt es kein Postfach.")
        behaelter = _pruefe_behaelter(anfrage)
        nachricht = self._neue_nachricht(konto, kopfdaten, tuple(teil for _, teil in anfrage.inhalte))
        fertig = mit_zeiten(metadaten, InitialSend=nachricht.gesendet, Delivery=nachricht.zugestellt)
        dateien = {METADATEN: _als_datei(mit_groesse(fertig, nachricht.groesse)), BEHAELTER: _als_datei(behaelter)}
        self.postfach.stelle_zu(nachricht, dateien, annahme)
        return Antwort(vermerk=f"id={nachricht.id} bytes={nachricht.groesse} teile={len(nachricht.teile)}")

    def _liste(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        rollen = self._rollen(konto, anfrage)
        rumpf = _erwarte(anfrage, q(OSCI, "MsgBoxStatusListRequest"))
        hoechstens = lies_hoechstzahl(rumpf, self.einstellungen.listenlaenge)
        nur_attribute = lies_listenform(rumpf)
        grund, gefunden = "NoMatch", list[Nachricht]()
        try:
            gefunden = self._waehle(rollen, lies_auswahl(rumpf))
        except XtaFehler:
            grund = "SearchArgsInvalid"
        seite, rest = gefunden[:hoechstens], len(gefunden[hoechstens:])
        kopf = antworten.postfachantwort(self._abfrage(konto), rest if seite else None, grund)
        zeilen = [self._zeile(nachricht) for nachricht in seite]
        return Antwort((kopf,), antworten.liste(zeilen, nur_attribute), vermerk=f"anzahl={len(seite)} weitere={rest}")

    def _gib_aus(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        rollen = self._rollen(konto, anfrage)
        rumpf = _erwarte(anfrage, q(OSCI, "MsgBoxFetchRequest"))
        if rumpf.get("MsgPart", "Envelope") != "Envelope":
            raise SoapFehler("Nachrichten gibt es nur ganz (MsgPart=Envelope).")
        auswahl = replace(lies_auswahl(rumpf), nur_neue=False)
        gefunden = self._waehle(rollen, auswahl)
        if not gefunden or len(gefunden) < len(auswahl.ids):
            raise XtaFehler("9070")
        nachricht = gefunden[0]
        behaelter, teile = self._inhalt(nachricht)
        self._abgerufen.add(nachricht.schluessel)
        kopf = (
            self._metadaten(nachricht),
            antworten.postfachantwort(self._abfrage(konto), len(gefunden) - 1),
        )
        return Antwort(kopf, behaelter, teile, f"id={nachricht.id} bytes={nachricht.groesse} teile={len(teile)}")

    def _schliesse(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        rollen = self._rollen(konto, anfrage)
        rumpf = _erwarte(anfrage, q(OSCI, "MsgBoxCloseRequest"))
        abfrage = (rumpf.get("MsgBoxRequestID") or "").strip()
        if not abfrage:
            raise SoapFehler("MsgBoxRequestID fehlt.")
        if self.einstellungen.streng and not self._kennt_abfrage(konto, abfrage):
            raise SoapFehler("Diese MsgBoxRequestID wurde diesem Konto nicht gegeben.")
        ids = [(element.text or "").strip() for element in rumpf.iterfind(q(OSCI, "LastMsgReceived"))]
        self.postfach.schliesse(ids, rollen, self.einstellungen.inhalt_behalten)
        return Antwort(vermerk=f"id={','.join(ids)}")

    def _rollen(self, konto: Konto, anfrage: Anfrage) -> tuple[str, ...]:
        """The party identifiers the caller acts for: the one in Author, or all of the certificate (``*``)."""
        autor = anfrage.kopf.find(q(OSCIMETA, "Author"))
        if autor is None and not self.einstellungen.streng:
            return konto.kennungen
        kennung = lies_partei(autor)
        if kennung == "*":
            return konto.kennungen
        if kennung not in konto.kennungen:
            raise XtaFehler("9014")
        return (kennung,)

    def _kennt_leser(self, leser: str) -> bool:
        return any(leser in konto.kennungen for konto in self.konten.values())

    def _waehle(self, rollen: Collection[str], auswahl: Auswahl) -> list[Nachricht]:
        gefunden = auswahl.filtere(self.postfach.offene(rollen))
        nur_neue = self.einstellungen.nur_neue if auswahl.nur_neue is None else auswahl.nur_neue
        if nur_neue and self.einstellungen.nur_neue:
            return [nachricht for nachricht in gefunden if nachricht.schluessel not in self._abgerufen]
        return gefunden

    def _abfrage(self, konto: Konto) -> str:
        """A fresh MsgBoxRequestID: 1, 2, 3 … per account, because public clients close with ``1`` whatever they got."""
        with self._schloss:
            self._abfragen[konto.name] += 1
            return str(self._abfragen[konto.name])

    def _kennt_abfrage(self, konto: Konto, abfrage: str) -> bool:
        if not (abfrage.isascii() and abfrage.isdigit() and len(abfrage) < 19):
            return False
        with self._schloss:
            return 1 <= int(abfrage) <= self._abfragen[konto.name]

    def _neue_nachricht(self, konto: Konto, kopfdaten: Kopfdaten, teile: tuple[Teildatei, ...]) -> Nachricht:
        jetzt = self.postfach.jetzt()
        return Nachricht(
            id=kopfdaten.nachricht_id,
            konto=konto.name,
            autor=kopfdaten.autor,
            leser=kopfdaten.leser,
            gesendet=jetzt,
            zugestellt=max(jetzt, kopfdaten.nicht_vor or jetzt),
            test=kopfdaten.test,
            bezug=kopfdaten.bezug,
            groesse=sum(teil.groesse for teil in teile),
            teile=teile,
        )

    def _zeile(self, nachricht: Nachricht) -> Listenzeile:
        return Listenzeile(
            nachricht.id, nachricht.bezug, nachricht.groesse, nachricht.zugestellt, self._metadaten(nachricht)
        )

    def _metadaten(self, nachricht: Nachricht) -> etree._Element:
        metadaten = etree.fromstring(self.postfach.lies(nachricht, METADATEN), _parser())
        zeiten: dict[str, datetime] = {"InitialFetch": nachricht.geschlossen} if nachricht.geschlossen else {}
        return mit_zeiten(metadaten, **zeiten)

    def _inhalt(self, nachricht: Nachricht) -> tuple[etree._Element, list[Antwortteil]]:
        offen: list[Antwortteil] = []
        try:
            behaelter = etree.fromstring(self.postfach.lies(nachricht, BEHAELTER), _parser())
            for element, teil in zip(behaelter.iter(*INHALTSELEMENTE), nachricht.teile, strict=True):
                medientyp = element.get("contentType") or "application/octet-stream"
                datei = self.postfach.teil(nachricht, teil).open("rb")
                offen.append(Antwortteil(element, medientyp, datei, teil.groesse))
        except FileNotFoundError as fehler:  # closed in this moment
            for antwortteil in offen:
                antwortteil.datei.close()
            raise XtaFehler("9070") from fehler
        return behaelter, offen


def _pruefe_behaelter(anfrage: Anfrage) -> etree._Element:
    """Check GenericContentContainer and write the true sizes into it."""
    rumpf = _erwarte(anfrage, q(XTA, "GenericContentContainer"))
    if len(rumpf) != 1 or not anfrage.inhalte:
        raise XtaFehler("9020", "GenericContentContainer hat keinen Inhalt.")
    container = rumpf.find(q(XTA, "ContentContainer"))
    if container is None:
        return rumpf
    namen = [kind.tag for kind in container]
    if namen[:1] != [q(XTA, "Message")] or set(namen[1:]) - {q(XTA, "Attachment")}:
        raise XtaFehler("9022", "ContentContainer enthält erst genau eine Message und dann nur Attachments.")
    for element, teil in anfrage.inhalte:
        _pruefe_inhalt(element, teil)
    return rumpf


def _pruefe_inhalt(element: etree._Element, teil: Teildatei) -> None:
    if not element.get("contentType"):
        raise XtaFehler("9020", "An einem Inhalt fehlt contentType.")
    if element.get("size", str(teil.groesse)).strip() != str(teil.groesse) or element.get("size") == "0":
        raise XtaFehler("9022", "Das Attribut size passt nicht zum Inhalt (leere Inhalte haben keines).")
    if teil.groesse:
        element.set("size", str(teil.groesse))


def _erwarte(anfrage: Anfrage, name: str) -> etree._Element:
    if anfrage.rumpf is None or anfrage.rumpf.tag != name:
        raise SoapFehler(f"Im SOAP-Body wird {etree.QName(name).localname} erwartet.")
    return anfrage.rumpf


def _als_datei(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
