"""The operations of the MsgBoxPort: listing, fetching, going on, closing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from lxml import etree

from fachwerk_generic_xta.simulator import antworten
from fachwerk_generic_xta.simulator.anfrage import Anfrage
from fachwerk_generic_xta.simulator.annahme import Annahme
from fachwerk_generic_xta.simulator.antworten import Antwort, Antwortteil, Listenzeile
from fachwerk_generic_xta.simulator.auswahl import Auswahl, lies_auswahl, lies_hoechstzahl, lies_listenform
from fachwerk_generic_xta.simulator.betrieb import Abfrage, Betrieb, erwarte, parser
from fachwerk_generic_xta.simulator.fehler import SoapFehler, XtaFehler
from fachwerk_generic_xta.simulator.konten import Konto
from fachwerk_generic_xta.simulator.nachricht import BEHAELTER, Nachricht
from fachwerk_generic_xta.simulator.namen import OSCI, q
from fachwerk_generic_xta.simulator.umschlag import INHALTSELEMENTE


class Abholung:
    """What a reader does with its mailbox. Only a close, or what acts as one, changes anything."""

    def __init__(self, betrieb: Betrieb) -> None:
        self._betrieb = betrieb

    def liste(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """getStatusList: one page."""
        rollen = self._betrieb.rollen(konto, anfrage)
        rumpf = erwarte(anfrage, q(OSCI, "MsgBoxStatusListRequest"))
        hoechstens = lies_hoechstzahl(rumpf, self._betrieb.einstellungen.listenlaenge)
        nur_attribute = lies_listenform(rumpf)
        kennung = self._betrieb.anfragekennungen.neu(konto.name)
        try:
            auswahl = lies_auswahl(rumpf)
        except XtaFehler:
            return _leere_liste(kennung, nur_attribute, "SearchArgsInvalid")
        return self._seite(konto, Abfrage(kennung, rollen, auswahl, hoechstens, nur_attribute))

    def naechste_liste(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """getNextStatusList: closes what is acknowledged (what is gone already, counts as closed) and goes on."""
        rollen, kennung, ids = self._fortsetzung(konto, anfrage)
        wartende = [nachricht.id for nachricht in self._betrieb.postfach.wartende(ids, rollen)]
        self._schliesse(wartende, rollen)
        abfrage = self._laufende(konto, kennung, rollen)
        if abfrage is None:
            return _leere_liste(kennung, False, "RequestIdInvalid")
        return self._seite(konto, abfrage)

    def gib_aus(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """getMessage: the first message that matches; changes nothing."""
        rollen = self._betrieb.rollen(konto, anfrage)
        rumpf = erwarte(anfrage, q(OSCI, "MsgBoxFetchRequest"))
        if rumpf.get("MsgPart", "Envelope") != "Envelope":
            raise SoapFehler("Nachrichten gibt es nur ganz (MsgPart=Envelope).")
        auswahl = replace(lies_auswahl(rumpf), nur_neue=False)
        kennung = self._betrieb.anfragekennungen.neu(konto.name)
        return self._nachricht(konto, Abfrage(kennung, rollen, auswahl))

    def naechste_nachricht(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """getNextMessage: closes what is acknowledged and hands out the next message; 9070 if there is none."""
        rollen, kennung, ids = self._fortsetzung(konto, anfrage)
        self._schliesse(ids, rollen)
        abfrage = self._laufende(konto, kennung, rollen)
        if abfrage is None:
            raise XtaFehler("9070", "Diese MsgBoxRequestID gehört zu keiner laufenden Abholung.")
        return self._nachricht(konto, replace(abfrage, auswahl=replace(abfrage.auswahl, ids=frozenset())))

    def schliesse(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """close: takes the messages out of the mailbox, all or none."""
        rollen, _, ids = self._fortsetzung(konto, anfrage, "MsgBoxCloseRequest")
        self._schliesse(ids, rollen)
        return Antwort(vermerk=f"id={','.join(ids)}")

    def _seite(self, konto: Konto, abfrage: Abfrage) -> Antwort:
        seite, weitere = self._waehle(abfrage)
        kopf = antworten.postfachantwort(abfrage.kennung, weitere if seite else None)
        self._betrieb.anfragekennungen.merke(
            konto.name, replace(abfrage, nach=seite[-1].platz if seite else abfrage.nach)
        )
        zeilen = [self._zeile(nachricht) for nachricht in seite]
        vermerk = f"anzahl={len(seite)} weitere={weitere}"
        return Antwort((kopf,), antworten.liste(zeilen, abfrage.nur_attribute), vermerk=vermerk)

    def _nachricht(self, konto: Konto, abfrage: Abfrage) -> Antwort:
        gefunden, weitere = self._waehle(abfrage)
        if not gefunden or len(gefunden) + weitere < len(abfrage.auswahl.ids):
            raise XtaFehler("9070")
        nachricht = gefunden[0]
        behaelter, teile = self._inhalt(nachricht)
        if self._betrieb.einstellungen.nur_neue:
            self._betrieb.postfach.merke_abruf(nachricht)
        self._betrieb.anfragekennungen.merke(konto.name, replace(abfrage, nach=nachricht.platz))
        kopf = (self._betrieb.metadaten(nachricht), antworten.postfachantwort(abfrage.kennung, weitere))
        return Antwort(kopf, behaelter, teile, f"id={nachricht.id} bytes={nachricht.groesse} teile={len(teile)}")

    def _waehle(self, abfrage: Abfrage) -> tuple[list[Nachricht], int]:
        """The next messages of a request and how many match beyond them; ids and "all" need no walk."""
        auswahl, postfach, hoechstens = abfrage.auswahl, self._betrieb.postfach, abfrage.hoechstens
        nur_neue = self._nur_neue(auswahl)
        if auswahl.ist_offen and not nur_neue:
            return postfach.seite(abfrage.rollen, hoechstens, abfrage.nach)
        if auswahl.ids:
            kandidaten = postfach.wartende(auswahl.ids, abfrage.rollen)
        else:
            kandidaten, _ = postfach.seite(abfrage.rollen, None, abfrage.nach)
        gefunden = auswahl.filtere(kandidaten)
        if abfrage.nach is not None:
            gefunden = [nachricht for nachricht in gefunden if nachricht.platz > abfrage.nach]
        if nur_neue:
            gefunden = [nachricht for nachricht in gefunden if not postfach.war_abgerufen(nachricht)]
        return gefunden[:hoechstens], len(gefunden[hoechstens:])

    def _nur_neue(self, auswahl: Auswahl) -> bool:
        ohne_angabe = self._betrieb.einstellungen.nur_neue
        return ohne_angabe and auswahl.nur_neue is not False

    def _fortsetzung(
        self, konto: Konto, anfrage: Anfrage, name: str = "MsgBoxGetNextRequest"
    ) -> tuple[tuple[str, ...], str, list[str]]:
        """Who, in which request, acknowledges what."""
        rollen = self._betrieb.rollen(konto, anfrage)
        rumpf = erwarte(anfrage, q(OSCI, name))
        kennung = (rumpf.get("MsgBoxRequestID") or "").strip()
        if not kennung:
            raise SoapFehler("MsgBoxRequestID fehlt.")
        if self._betrieb.einstellungen.streng and not self._betrieb.anfragekennungen.kennt(konto.name, kennung):
            raise SoapFehler("Diese MsgBoxRequestID wurde diesem Konto nicht gegeben.")
        ids = [(element.text or "").strip() for element in rumpf.iterfind(q(OSCI, "LastMsgReceived"))]
        return rollen, kennung, ids

    def _laufende(self, konto: Konto, kennung: str, rollen: Collection[str]) -> Abfrage | None:
        abfrage = self._betrieb.anfragekennungen.laufende(konto.name, kennung)
        return abfrage if abfrage is not None and set(abfrage.rollen) <= set(rollen) else None

    def _schliesse(self, ids: Collection[str], rollen: Collection[str]) -> None:
        self._betrieb.postfach.schliesse(ids, rollen, self._betrieb.einstellungen.inhalt_behalten)

    def _zeile(self, nachricht: Nachricht) -> Listenzeile:
        return Listenzeile(
            nachricht.id, nachricht.bezug, nachricht.groesse, nachricht.zugestellt, self._betrieb.metadaten(nachricht)
        )

    def _inhalt(self, nachricht: Nachricht) -> tuple[etree._Element, list[Antwortteil]]:
        offen: list[Antwortteil] = []
        try:
            behaelter = etree.fromstring(self._betrieb.postfach.lies(nachricht, BEHAELTER), parser())
            for element, teil in zip(behaelter.iter(*INHALTSELEMENTE), nachricht.teile, strict=True):
                medientyp = element.get("contentType") or "application/octet-stream"
                datei = self._betrieb.postfach.teil(nachricht, teil).open("rb")
                offen.append(Antwortteil(element, medientyp, datei, teil.groesse))
        except FileNotFoundError as fehler:  # closed in this moment
            for antwortteil in offen:
                antwortteil.datei.close()
            raise XtaFehler("9070") from fehler
        return behaelter, offen


def _leere_liste(kennung: str, nur_attribute: bool, grund: str) -> Antwort:
    kopf = antworten.postfachantwort(kennung, None, grund)
    return Antwort((kopf,), antworten.liste((), nur_attribute), vermerk=f"anzahl=0 grund={grund}")
