"""Writes request envelopes of XTA 2.1.1 from our own WSDL; the only place that knows zeep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import zeep
import zeep.exceptions
from lxml import etree
from zeep.transports import Transport

from fachwerk.errors import PermanentError
from fachwerk_generic_xta.codec import Adressen, Anfrage, Auswahl
from fachwerk_generic_xta.codec211 import metadaten as kopf
from fachwerk_generic_xta.codec211.metadaten import NS
from fachwerk_generic_xta.nachricht import Dienstfrage, Inhaltsteil, Metadaten, Partei
from fachwerk_generic_xta.soap import SOAP, WSA, verweis

_WSDL = Path(__file__).with_name("schema") / "xta211.wsdl"
_OHNE_ANFRAGE = "1"
"""MsgBoxRequestID where the mailbox named none; public clients always send this one."""


@dataclass(frozen=True)
class Anfragen:
    """The requests of the account ``ich`` to the mailbox at ``adressen``."""

    adressen: Adressen
    ich: Partei

    def pruefe_konto(self) -> Anfrage:
        """checkAccountActive: an empty answer is the good one."""
        return self._verwaltung("checkAccountActive")

    def neue_kennung(self) -> Anfrage:
        """createMessageId."""
        return self._verwaltung("createMessageId")

    def dienste(self, fragen: Sequence[Dienstfrage]) -> Anfrage:
        """lookupService."""
        liste = [
            {"LookupService": {"Reader": kopf.partei(frage.leser), "ServiceType": frage.dienst}} for frage in fragen
        ]
        return self._verwaltung("lookupService", LookupServiceRequestList=liste)

    def bericht(self, nachricht_id: str) -> Anfrage:
        """getTransportReport."""
        return self._verwaltung("getTransportReport", nachricht_id)

    def ziehe_zurueck(self, nachricht_id: str) -> Anfrage:
        """cancelMessage."""
        return self._verwaltung("cancelMessage", nachricht_id)

    def liste(self, auswahl: Auswahl, hoechstens: int) -> Anfrage:
        """getStatusList, in the form that carries the whole head of each message."""
        felder: dict[str, Any] = {"maxListItems": hoechstens, "ListForm": "MessageMetaData"}
        if auswahl != Auswahl():
            felder["MsgSelector"] = _auswahl(auswahl)
        return self._postfach("getStatusList", **felder)

    def naechste_liste(self, anfrage_id: str, erhalten: Sequence[str]) -> Anfrage:
        """getNextStatusList; ``erhalten`` is acknowledged by it, so it is only sent where it was given."""
        return self._postfach("getNextStatusList", **_bezug(anfrage_id, erhalten))

    def hole(self, nachricht_id: str) -> Anfrage:
        """getMessage, by its id."""
        return self._postfach("getMessage", MsgSelector={"MessageID": [nachricht_id]})

    def hole_naechste(self, anfrage_id: str, erhalten: Sequence[str]) -> Anfrage:
        """getNextMessage; ``erhalten`` is acknowledged by it, so it is only sent where it was given."""
        return self._postfach("getNextMessage", **_bezug(anfrage_id, erhalten))

    def schliesse(self, ids: Sequence[str], anfrage_id: str) -> tuple[Anfrage, ...]:
        """close, one request for all; ``anfrage_id`` is that of the answer that named the messages."""
        return (self._postfach("close", **_bezug(anfrage_id, ids)),)

    def sende(self, metadaten: Metadaten, teile: Sequence[Inhaltsteil]) -> Anfrage:
        """sendMessage; the first of ``teile`` is the Message, each names its MIME part in ``cid``."""
        return self._versand("sendMessage", metadaten, teile)

    def sende_synchron(self, metadaten: Metadaten, teile: Sequence[Inhaltsteil]) -> Anfrage:
        """sendMessageSync."""
        return self._versand("sendMessageSync", metadaten, teile)

    def _verwaltung(self, vorgang: str, *werte: Any, **felder: Any) -> Anfrage:
        return _baue("Verwaltung", vorgang, self.adressen.verwaltung, self._autor(), *werte, **felder)

    def _postfach(self, vorgang: str, **felder: Any) -> Anfrage:
        return _baue("Postfach", vorgang, self.adressen.postfach, self._autor(), **felder)

    def _versand(self, vorgang: str, metadaten: Metadaten, teile: Sequence[Inhaltsteil]) -> Anfrage:
        behaelter: dict[str, Any] = {"Message": _teil(teile[0])}
        if len(teile) > 1:
            behaelter["Attachment"] = [_teil(teil) for teil in teile[1:]]
        soapkopf = {"MessageMetaData": kopf.schreibe(metadaten)}
        return _baue("Versand", vorgang, self.adressen.versand, soapkopf, ContentContainer=behaelter)

    def _autor(self) -> dict[str, Any]:
        return {"Author": kopf.partei(self.ich)}


class _NurEigeneDateien(Transport):
    """zeep may read the schemas of this package and nothing else."""

    def _load_remote_data(self, url: str) -> bytes:
        raise OSError(f"the XTA schemas are read offline, not from {url}")


@cache
def _client() -> Any:
    return zeep.Client(str(_WSDL), transport=_NurEigeneDateien())  # type: ignore[no-untyped-call]


def _baue(port: str, vorgang: str, url: str, soapkopf: dict[str, Any], *werte: Any, **felder: Any) -> Anfrage:
    dienst = _client().create_service(f"{{{NS['x']}}}{port}", url)
    try:
        umschlag = _client().create_message(dienst, vorgang, *werte, _soapheaders=soapkopf, **felder)
    except (ValueError, TypeError, zeep.exceptions.Error):
        raise PermanentError(
            "xta.angabe_unzulaessig",
            f"Eine Angabe lässt sich nicht in eine XTA-Anfrage ({vorgang}) schreiben: Sie fehlt oder enthält "
            "Steuerzeichen. Kennungen, Betreff und Dateinamen prüfen.",
            {"vorgang": vorgang},
        ) from None
    aktion, kennung = _adressiere(umschlag.find(f"{{{SOAP}}}Header"), url)
    return Anfrage(url, aktion, etree.tostring(umschlag, encoding="UTF-8"), kennung)


def _adressiere(soapkopf: Any, url: str) -> tuple[str, str]:
    """Put the WS-Addressing headers into the order and number public clients send; returns action and message id."""
    aktion, kennung, an = (soapkopf.find(f"{{{WSA}}}{name}") for name in ("Action", "MessageID", "To"))
    an.text = url
    antwort_an = etree.Element(f"{{{WSA}}}ReplyTo")
    etree.SubElement(antwort_an, f"{{{WSA}}}Address").text = f"{WSA}/anonymous"
    eigene = [glied for glied in soapkopf if glied not in (aktion, kennung, an)]
    soapkopf[:] = [aktion, kennung, an, antwort_an, *eigene]
    return str(aktion.text), str(kennung.text)


def _auswahl(auswahl: Auswahl) -> dict[str, Any]:
    angaben = {
        "newEntry": auswahl.neue,
        "MessageID": list(auswahl.ids) or None,
        "RelatesTo": list(auswahl.antworten_auf) or None,
        "MsgBoxEntryTimeFrom": auswahl.ab,
        "MsgBoxEntryTimeTo": auswahl.bis,
    }
    return {name: wert for name, wert in angaben.items() if wert is not None}


def _bezug(anfrage_id: str, ids: Sequence[str]) -> dict[str, Any]:
    felder: dict[str, Any] = {"MsgBoxRequestID": anfrage_id or _OHNE_ANFRAGE}
    return felder | {"LastMsgReceived": list(ids)} if ids else felder


def _teil(teil: Inhaltsteil) -> dict[str, Any]:
    angaben: dict[str, Any] = {
        "contentType": teil.medientyp,
        "contentDescription": teil.beschreibung,
        "encoding": teil.kodierung,
        "filename": teil.dateiname,
        "id": teil.kennung,
        "lang": teil.sprache,
        "size": teil.groesse,  # an empty part must not state its size, 0 is no valid value
    }
    angaben = {name: wert for name, wert in angaben.items() if wert}
    return angaben | {"Include": {"href": verweis(teil.cid[0])}}
