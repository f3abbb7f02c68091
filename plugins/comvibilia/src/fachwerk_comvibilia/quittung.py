"""What receipts (Laufzettel) say, in the words of the layout profile. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Befund, GehaltenFuer, Schwere, Stufe
from fachwerk_comvibilia.muster import passt_eines
from fachwerk_comvibilia.profil import Quittungen
from fachwerk_comvibilia.xmlangaben import Angaben

_RANG = {stufe: rang for rang, stufe in enumerate(Stufe)}


@dataclass(frozen=True)
class Laufzettel:
    """One receipt as read: a stage, a rejection, or a word nobody explained (``stufe`` None, not ``abgelehnt``)."""

    zeit: datetime
    stufe: Stufe | None = None
    abgelehnt: bool = False
    grund: str = ""


@dataclass(frozen=True)
class Ergebnis:
    """All receipts of one hand-over together, independent of their order and number."""

    stufe: Stufe | None = None
    zeit: datetime | None = None
    abgelehnt: bool = False
    befunde: tuple[Befund, ...] = ()


def gehoert_zu(quittungen: Quittungen, name: str, kennung: str) -> bool:
    """Whether the file ``name`` may be a receipt of ``kennung``; its content decides where ``bezug`` is given."""
    return passt_eines((muster.replace("{kennung}", kennung) for muster in quittungen.muster), name)


def lies(quittungen: Quittungen, angaben: Angaben, zeit: datetime, kennung: str) -> Laufzettel | None:
    """The receipt, None if it belongs to another hand-over."""
    if quittungen.bezug and kennung.casefold() not in angaben.wert(quittungen.bezug).casefold():
        return None
    wort = angaben.wert(quittungen.stand).casefold()
    stufen = {word.casefold(): Stufe(stufe) for word, stufe in quittungen.stufen.items()}
    abgelehnt = wort in {eines.casefold() for eines in quittungen.abgelehnt}
    return Laufzettel(zeit, stufen.get(wort), abgelehnt, angaben.wert(quittungen.grund))


def zusammen(alle: Iterable[Laufzettel]) -> Ergebnis:
    """The highest stage with its earliest time; a rejection outweighs all but the take-over."""
    zettel = list(alle)
    stufen = [eins for eins in zettel if eins.stufe is not None]
    hoechste = max((eins.stufe for eins in stufen if eins.stufe), key=_RANG.__getitem__, default=None)
    zeit = min((eins.zeit for eins in stufen if eins.stufe is hoechste), default=None)
    befunde = tuple(_befund(eins) for eins in zettel if eins.stufe is None)
    return Ergebnis(hoechste, zeit, any(eins.abgelehnt for eins in zettel), befunde)


def pruefe(ergebnis: Ergebnis) -> None:
    """Raise where the other side refused, or says both."""
    if not ergebnis.abgelehnt:
        return
    if ergebnis.stufe is Stufe.UEBERNOMMEN:
        raise NeedsHumanError(
            "quittung_widerspruch",
            "COM Vibilia hat zu derselben Übergabe „übernommen“ und „abgelehnt“ gemeldet. Was gilt? Bitte in COM "
            "Vibilia und beim Empfänger nachsehen: Ist nichts da, mit „fachwerk vorgang release“ erneut übergeben; ist "
            "der Fall da, mit „--angekommen“ dazu.",
            fuer=GehaltenFuer.BETRIEB,
            befunde=ergebnis.befunde,
        )
    raise NeedsHumanError(
        "comvibilia.abgelehnt",
        "COM Vibilia oder der Empfänger hat die Übergabe abgelehnt; der Grund steht im Befund. Nach der Klärung "
        "wiederholen: Es wird unter einer neuen Kennung übergeben.",
        fuer=GehaltenFuer.BETRIEB,
        befunde=ergebnis.befunde,
    )


def _befund(zettel: Laufzettel) -> Befund:
    grund = f" Grund: {zettel.grund}" if zettel.grund else ""
    if zettel.abgelehnt:
        text = f"Die Übergabe wurde abgelehnt.{grund}"
        return Befund(code="comvibilia.abgelehnt", schwere=Schwere.FEHLER, text=text)
    text = f"Eine Quittung nennt einen Stand, den das Layoutprofil nicht kennt; sie zählt nicht.{grund}"
    return Befund(code="comvibilia.quittung_unbekannt", schwere=Schwere.WARNUNG, text=text)
