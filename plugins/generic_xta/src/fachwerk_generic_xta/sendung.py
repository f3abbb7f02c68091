"""What goes out: the original message and its attachments, as they came. Pure.

The limits are looked at when it is handed over (``pruefe``), not in ``render``: a case may go to several Ziele, and
what is too large for this one must not keep it from the others. It is still before anything is announced or sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from fachwerk.errors import NeedsHumanError, PermanentError
from fachwerk.modell import Anlage, Antrag, Sendung, Teil
from fachwerk.xml import XmlFehler, kopf
from fachwerk_generic_xta.nachricht import Metadaten, Teilangaben
from fachwerk_generic_xta.settings import MB, Zieleinstellungen

NACHRICHT = "nachricht"
ANLAGEN = "anlagen"
_TEST = "xta.test"
_JA = "ja"


def sendung(antrag: Antrag, ziel: str) -> Sendung:
    """The original as Message, then every attachment once, in the order of the Antrag; nothing is made anew."""
    anlagen = [Anlage(pfad=NACHRICHT, teil=antrag.original)] if antrag.original else []
    anlagen += [Anlage(pfad=f"{ANLAGEN}/{nr:04d}", teil=teil) for nr, teil in enumerate(_anlagen(antrag), 1)]
    metadaten = {_TEST: _JA} if antrag.test else {}
    return Sendung(ziel=ziel, bezeichnung=_bezeichnung(antrag), anlagen=tuple(anlagen), metadaten=metadaten)


def _anlagen(antrag: Antrag) -> Iterator[Teil]:
    gesehen: set[object] = {_gleich(antrag.original)} if antrag.original else set()
    for teil in antrag.anlagen:
        if _gleich(teil) not in gesehen:
            gesehen.add(_gleich(teil))
            yield teil


def _gleich(teil: Teil) -> object:
    """What makes it the same part; a draft has no id yet."""
    return teil.id or id(teil)


def _bezeichnung(antrag: Antrag) -> str:
    """Leistung and a number that names nobody: of the UUID, else of the content."""
    uuid = antrag.nachrichten_uuid.lower()
    inhalt = antrag.original.sha256 if antrag.original else None
    nummer = uuid if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid) else inhalt
    leistung = re.sub(r"[^a-z0-9_]", "", antrag.leistung.lower())[:40] or "antrag"
    return f"{leistung}_{nummer or hashlib.sha256(antrag.model_dump_json().encode()).hexdigest()}"


def teile(fertige: Sendung) -> list[Teil]:
    """Message and attachments in their order."""
    return [anlage.teil for anlage in fertige.anlagen]


def teilangaben(fertige: Sendung) -> list[Teilangaben]:
    """What the container says about each part besides, as it came."""
    angaben = [teil.transport for teil in teile(fertige)]
    return [Teilangaben(a.get("kodierung", ""), a.get("kennung", ""), a.get("sprache", "")) for a in angaben]


def metadaten(fertige: Sendung, nachricht_id: str, werte: Zieleinstellungen, jetzt: datetime) -> Metadaten:
    """The head. Only a case that is a test says TestMsg, and it always does."""
    gueltig = None if werte.gueltig_tage is None else (jetzt + timedelta(days=werte.gueltig_tage)).date()
    return Metadaten(
        nachricht_id=nachricht_id,
        autor=werte.partei(werte.kennung),
        leser=werte.empfaenger.partei,
        dienst=werte.dienst,
        szenario=werte.szenario.wert,
        nachrichtentyp=werte.nachrichtentyp.wert,
        payload_schema=werte.nachrichtentyp.payload_schema,
        betreff=werte.betreff,
        test=fertige.metadaten.get(_TEST) == _JA,
        erstellt=jetzt,
        groesse=sum(_laenge(teil) for teil in teile(fertige)),
        gueltig_bis=gueltig,
    )


def pruefe(fertige: Sendung, werte: Zieleinstellungen) -> None:
    """Hold what the transport would refuse or the reader could not understand, before anything is announced."""
    _pruefe_nachricht(fertige)
    groesse = sum(_laenge(teil) for teil in teile(fertige))
    if groesse > werte.hoechstgroesse_mb * MB:
        raise PermanentError(
            "xta.zu_gross",
            f"Die Sendung ist mit {groesse} Bytes größer, als der Transport erlaubt ({werte.hoechstgroesse_mb} MB, "
            "„hoechstgroesse_mb“). Auf anderem Weg übergeben; wiederholen hilft nicht.",
            {"bytes": str(groesse)},
        )
    if fremde := sorted({typ for teil in teile(fertige) if not _ist_erlaubt(typ := _typ(teil), werte)}):
        raise PermanentError(
            "xta.medientyp_nicht_erlaubt",
            f"{len(fremde)} Art(en) von Anlagen nimmt dieses Ziel nicht an („erlaubte_medientypen“). Auf anderem Weg "
            "übergeben; wiederholen hilft nicht.",
            {"anzahl": str(len(fremde))},
        )


def _pruefe_nachricht(fertige: Sendung) -> None:
    """A message type names the schema of an XML: a PDF in its place would be a guess about what the reader can do."""
    erste = fertige.anlagen[0] if fertige.anlagen else None
    if erste is None or erste.pfad != NACHRICHT or not _ist_xml(erste.teil):
        raise NeedsHumanError(
            "xta.kein_xml",
            "Der Antrag kam ohne XML-Nachricht (etwa nur als PDF). Als Fachnachricht lässt er sich nicht weitersenden. "
            "Auf welchem anderen Weg soll er die zuständige Stelle erreichen?",
        )


def _ist_xml(teil: Teil) -> bool:
    try:
        with teil.oeffnen() as strom:
            kopf(strom)
    except XmlFehler:
        return False
    return True


def _laenge(teil: Teil) -> int:
    return sum(map(len, teil.bytes_strom())) if teil.laenge is None else teil.laenge


def _typ(teil: Teil) -> str:
    return teil.medientyp.partition(";")[0].strip().lower()


def _ist_erlaubt(typ: str, werte: Zieleinstellungen) -> bool:
    if werte.erlaubte_medientypen is None:
        return True
    return any(typ == erlaubt or erlaubt == f"{typ.partition('/')[0]}/*" for erlaubt in werte.erlaubte_medientypen)
