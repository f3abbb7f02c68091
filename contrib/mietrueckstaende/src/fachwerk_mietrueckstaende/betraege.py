"""Whether the amounts of a case fit together. Nothing is corrected: what does not fit is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from fachwerk.modell import OffenerPunkt, Rechenschritt
from fachwerk_mietrueckstaende.fall import Fall, Miete, Rueckstand
from fachwerk_mietrueckstaende.punkte import hinweis, punkt

_IBAN = re.compile(r"[A-Z]{2}(?!0[01]|99)[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_LAENGE_DE = 22


def fragen(fall: Fall) -> list[OffenerPunkt]:
    """What does not fit, each once."""
    return [*_zur_miete(fall.miete), *_zum_rueckstand(fall.rueckstand, fall.miete.gesamt)]


def hinweise(fall: Fall) -> list[Rechenschritt]:
    """Debts that are no rent: they need a look of their own."""
    return list(_keine_miete(fall.rueckstand))


def _zur_miete(miete: Miete) -> Iterator[OffenerPunkt]:
    if miete.gesamt == 0:
        yield punkt("miete_null", "Als monatliche Miete sind 0 EUR angegeben. Wie hoch ist sie?")
    teile = [teil for teil in (miete.grundmiete, miete.nebenkosten, miete.heizkosten) if teil is not None]
    if miete.gesamt is not None and _passt_nicht(teile, miete.gesamt):
        text = (
            f"Die Teile der Miete ergeben {_eur(sum(teile, Decimal(0)))}, als Miete sind {_eur(miete.gesamt)} genannt."
        )
        yield punkt("miete_teile", f"{text} Was gilt?")
    if miete.vermieter_iban and not ist_iban(miete.vermieter_iban):
        yield punkt("iban", "Die IBAN des Vermieters ist so nicht möglich (Prüfziffer oder Länge). Bitte erfragen.")


def _passt_nicht(teile: list[Decimal], gesamt: Decimal) -> bool:
    """All three parts must give the sum; fewer must not exceed it."""
    summe = sum(teile, Decimal(0))
    return summe != gesamt if len(teile) == 3 else summe > gesamt


def _zum_rueckstand(rueckstand: Rueckstand, miete: Decimal | None) -> Iterator[OffenerPunkt]:
    betrag, monate = rueckstand.betrag, rueckstand.monate
    if betrag is None:
        return
    if betrag <= 0:
        yield punkt("kein_rueckstand", f"Als Mietrückstand sind {_eur(betrag)} angegeben. Besteht ein Rückstand?")
    elif monate == 0:
        yield punkt("monate_null", "Ein Rückstand ist angegeben, aber aus 0 Monaten. Aus welchen Monaten stammt er?")
    elif monate is not None and miete and betrag > miete * monate:
        text = (
            f"{_eur(betrag)} sind mehr als {monate} Monatsmieten zu {_eur(miete)}. Sind Nachforderungen, Kosten oder "
            "Energie darin enthalten, oder stimmt die Zahl der Monate nicht?"
        )
        yield punkt("rueckstand_hoch", text, "§ 543 Abs. 2 Satz 1 Nr. 3 BGB")


def _keine_miete(rueckstand: Rueckstand) -> Iterator[Rechenschritt]:
    if rueckstand.energie:
        text = "Auch Energieschulden sind angegeben: Übernahme zur Behebung einer vergleichbaren Notlage prüfen."
        yield hinweis(text, "§ 36 Abs. 1 SGB XII, § 22 Abs. 8 SGB II")
    if rueckstand.betriebskosten:
        text = "Eine Nachforderung aus der Betriebskostenabrechnung ist kein Mietrückstand und hier nicht eingerechnet."
        yield hinweis(f"{text} Gesondert prüfen.", "§ 22 SGB II, § 35 SGB XII", "B")
    if rueckstand.kosten:
        text = "Mahn-, Anwalts- und Gerichtskosten sind keine Miete und hier nicht eingerechnet; gesondert prüfen."
        yield hinweis(text, "§ 569 Abs. 3 Nr. 2 Satz 1 BGB")


def ist_iban(text: str) -> bool:
    """Whether ``text`` can be an IBAN: form, the length of German ones, check digits."""
    iban = re.sub(r"\s", "", text).upper()
    if not _IBAN.fullmatch(iban) or (iban.startswith("DE") and len(iban) != _LAENGE_DE):
        return False
    return int("".join(str(int(zeichen, 36)) for zeichen in iban[4:] + iban[:4])) % 97 == 1


def _eur(betrag: Decimal) -> str:
    return f"{betrag:,.2f} EUR".translate(str.maketrans(",.", ".,"))
