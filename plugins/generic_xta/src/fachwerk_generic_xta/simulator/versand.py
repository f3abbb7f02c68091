"""The operations of the SendXtaPort: taking a message in, or answering it at once."""

from __future__ import annotations

import io
from dataclasses import replace

from lxml import etree

from fachwerk_generic_xta.simulator.anfrage import Anfrage
from fachwerk_generic_xta.simulator.annahme import Annahme, Teildatei
from fachwerk_generic_xta.simulator.antworten import Antwort, Antwortteil
from fachwerk_generic_xta.simulator.berichte import BERICHT
from fachwerk_generic_xta.simulator.betrieb import Betrieb, erwarte
from fachwerk_generic_xta.simulator.fehler import XtaFehler
from fachwerk_generic_xta.simulator.konten import Konto, Sofortantwort
from fachwerk_generic_xta.simulator.metadaten import Kopfdaten, antwortkopf, lies_kopfdaten, mit_groesse, mit_zeiten
from fachwerk_generic_xta.simulator.nachricht import BEHAELTER, METADATEN, Nachricht
from fachwerk_generic_xta.simulator.namen import OSCIMETA, XTA, q


class Versand:
    """Accepts messages."""

    def __init__(self, betrieb: Betrieb) -> None:
        self._betrieb = betrieb

    def nimm_an(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """sendMessage: after 200 the message is the server's."""
        metadaten, kopfdaten, behaelter = self._pruefe(konto, anfrage, annahme)
        self._pruefe_angebot(konto, kopfdaten, "asynchron")
        nachricht = self._neue_nachricht(konto, kopfdaten, tuple(teil for _, teil in anfrage.inhalte))
        self._stelle_zu(nachricht, metadaten, behaelter, annahme)
        return Antwort(vermerk=f"id={nachricht.id} bytes={nachricht.groesse} teile={len(nachricht.teile)}")

    def beantworte(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """sendMessageSync: the reader's account answers what ``konten.json`` says; nothing lies in a mailbox."""
        metadaten, kopfdaten, behaelter = self._pruefe(konto, anfrage, annahme)
        antwort = self._pruefe_angebot(konto, kopfdaten, "synchron")
        if antwort is None:
            raise XtaFehler("9080")
        jetzt = self._betrieb.postfach.jetzt()
        nachricht = self._neue_nachricht(konto, kopfdaten, tuple(teil for _, teil in anfrage.inhalte))
        nachricht = replace(nachricht, zugestellt=jetzt, geschlossen=jetzt)
        self._stelle_zu(nachricht, metadaten, behaelter, annahme)
        if not self._betrieb.einstellungen.inhalt_behalten:
            self._betrieb.postfach.leere(nachricht)
        empfaenger = self._betrieb.konto_von(kopfdaten.leser)
        kennung = self._betrieb.postfach.reserviere(empfaenger.name if empfaenger else konto.name)
        kopf = mit_groesse(antwortkopf(metadaten, kennung, jetzt), len(antwort.inhalt))
        rumpf, teil = _antwortbehaelter(antwort)
        return Antwort((kopf,), rumpf, (teil,), f"id={nachricht.id} antwort={kennung} bytes={teil.groesse}")

    def _pruefe(
        self, konto: Konto, anfrage: Anfrage, annahme: Annahme
    ) -> tuple[etree._Element, Kopfdaten, etree._Element]:
        metadaten = anfrage.kopf.find(q(OSCIMETA, "MessageMetaData"))
        if metadaten is None:
            raise XtaFehler("9020", "Der Header MessageMetaData fehlt.")
        kopfdaten = lies_kopfdaten(metadaten)
        if kopfdaten.autor not in konto.kennungen:
            raise XtaFehler("9014")
        if annahme.zu_gross:
            raise XtaFehler("9023")
        self._betrieb.postfach.pruefe_kennung(kopfdaten.nachricht_id, konto.name)
        if annahme.schadhaft and self._betrieb.einstellungen.virenpruefung:
            raise XtaFehler("9060")
        self._pruefe_zeiten(kopfdaten)
        return metadaten, kopfdaten, _pruefe_behaelter(anfrage)

    def _pruefe_zeiten(self, kopfdaten: Kopfdaten) -> None:
        if kopfdaten.verfaellt is None:
            return
        heute = self._betrieb.postfach.jetzt().date()
        if kopfdaten.verfaellt < max(heute, kopfdaten.nicht_vor.date() if kopfdaten.nicht_vor else heute):
            raise XtaFehler("9022", "ObsoleteAfter liegt in der Vergangenheit oder vor NotBefore.")

    def _pruefe_angebot(self, konto: Konto, kopfdaten: Kopfdaten, weg: str) -> Sofortantwort | None:
        """Whether the sender may use and the reader accepts the service; returns the reader's answer, if any."""
        if konto.gebucht is not None and kopfdaten.dienst not in konto.gebucht:
            raise XtaFehler("9013")
        empfaenger = self._betrieb.konto_von(kopfdaten.leser)
        if empfaenger is None:
            raise XtaFehler("9032", "Zu diesem Leser gibt es kein Postfach.")
        angebote = empfaenger.angebote(kopfdaten.leser, kopfdaten.dienst)
        if not angebote:
            raise XtaFehler("9032", "Dieser Leser nimmt den Dienst nicht an.")
        passende = [angebot for angebot in angebote if not angebot.typen or kopfdaten.typ in angebot.typen]
        if not passende:
            raise XtaFehler("9052", "Dieser Leser nimmt im Dienst diesen Nachrichtentyp nicht an.")
        if not any(angebot.weg in ("beide", weg) for angebot in passende):
            raise XtaFehler("9081" if weg == "asynchron" else "9080")
        return empfaenger.antwort

    def _neue_nachricht(self, konto: Konto, kopfdaten: Kopfdaten, teile: tuple[Teildatei, ...]) -> Nachricht:
        jetzt = self._betrieb.postfach.jetzt()
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
            nicht_vor=kopfdaten.nicht_vor,
            verfaellt=kopfdaten.verfaellt,
        )

    def _stelle_zu(
        self, nachricht: Nachricht, metadaten: etree._Element, behaelter: etree._Element, annahme: Annahme
    ) -> None:
        fertig = mit_zeiten(metadaten, InitialSend=nachricht.gesendet, Delivery=nachricht.zugestellt)
        dateien = {METADATEN: als_datei(mit_groesse(fertig, nachricht.groesse)), BEHAELTER: als_datei(behaelter)}
        if (vorlage := self._betrieb.vorlagen.naechste()) is not None:
            dateien[BERICHT] = vorlage
        self._betrieb.postfach.stelle_zu(nachricht, dateien, annahme)


def als_datei(element: etree._Element) -> bytes:
    """An element as it is kept, with all namespaces it needs."""
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)


def _antwortbehaelter(antwort: Sofortantwort) -> tuple[etree._Element, Antwortteil]:
    wurzel = etree.Element(q(XTA, "GenericContentContainer"), nsmap={"xta": XTA})
    container = etree.SubElement(wurzel, q(XTA, "ContentContainer"))
    nachricht = etree.SubElement(container, q(XTA, "Message"), contentType=antwort.medientyp)
    if antwort.dateiname:
        nachricht.set("filename", antwort.dateiname)
    if antwort.inhalt:
        nachricht.set("size", str(len(antwort.inhalt)))
    return wurzel, Antwortteil(nachricht, antwort.medientyp, io.BytesIO(antwort.inhalt), len(antwort.inhalt))


def _pruefe_behaelter(anfrage: Anfrage) -> etree._Element:
    """Check GenericContentContainer and write the true sizes into it."""
    rumpf = erwarte(anfrage, q(XTA, "GenericContentContainer"))
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
