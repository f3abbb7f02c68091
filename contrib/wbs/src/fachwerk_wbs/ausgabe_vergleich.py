"""The comparison and the history of limits as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fachwerk.cli.ausgabe import tabelle
from fachwerk_wbs.ausgabe import WORTE
from fachwerk_wbs.chronik import Abschnitt, Verlauf
from fachwerk_wbs.schreibweise import absatz, betrag, euro, ganze_euro, tag
from fachwerk_wbs.vergleich import Zeile

KOPF = ("Land", "Einkommen", "niedr. Grenze", "eingehalten", "Wohnung", "Gebühr", "offen", "Empfehlung")


def vergleich_text(zeilen: Sequence[Zeile], stichtag: date) -> str:
    """A table of all Länder, and below it what stays open in each."""
    kopf = f"Derselbe Haushalt in {len(zeilen)} Ländern, Recht vom {tag(stichtag)} (Beträge in EUR im Jahr)"
    teile = [kopf, "", tabelle(KOPF, [_zeile(zeile) for zeile in zeilen])]
    if any("?" in _niedrigste(zeile) for zeile in zeilen):
        teile += ["", "? nicht gesichert: entscheidet nicht"]
    offene = [z for z in zeilen if z.fehler or (z.ergebnis and z.ergebnis.offen)]
    if offene:
        teile += ["", "Offen:"]
    for zeile in offene:
        texte = [punkt.text for punkt in zeile.ergebnis.offen] if zeile.ergebnis else [zeile.fehler]
        for text in texte:
            teile += absatz(f"{zeile.name}: {text}", "  - ")
    return "\n".join(teile)


def _zeile(zeile: Zeile) -> tuple[str, ...]:
    ergebnis = zeile.ergebnis
    if ergebnis is None:
        return (zeile.name, *["–"] * 6, "nicht berechnet")
    return (
        zeile.name,
        betrag(ergebnis.gesamteinkommen).rjust(9),
        _niedrigste(zeile).rjust(13),
        ergebnis.stufe or "–",
        _wohnung(ergebnis.wohnflaeche_m2, ergebnis.raeume),
        "offen" if ergebnis.gebuehr is None else betrag(ergebnis.gebuehr),
        str(len(ergebnis.offen)),
        WORTE[ergebnis.empfehlung].split()[-1],
    )


def _niedrigste(zeile: Zeile) -> str:
    """The lowest limit; with a question mark where it is only a figure nobody has confirmed."""
    stufe = zeile.niedrigste
    if stufe is None or stufe.grenze is None:
        return betrag(None)
    return betrag(stufe.grenze) + ("?" if stufe.id in zeile.ungesichert else "")


def _wohnung(flaeche: str | None, raeume: str | None) -> str:
    teile = [f"{flaeche} m²" if flaeche else "", f"{raeume} R." if raeume else ""]
    return " / ".join(teil for teil in teile if teil) or "offen"


def chronik_text(name: str, haushalt: str, verlaeufe: Sequence[Verlauf]) -> str:
    """The limits of every tier, period by period."""
    zeilen = absatz(f"{name}: Einkommensgrenzen für {haushalt} (im Jahr; in Klammern der Beleg)", weiter="  ")
    for verlauf in verlaeufe:
        zeilen += ["", f"  {verlauf.titel} ({verlauf.id}{', nach Ermessen' if verlauf.ermessen else ''})"]
        for abschnitt in verlauf.abschnitte:
            kopf = f"    {_zeitraum(abschnitt):<23}  {_grenze(abschnitt):<23}  "
            zeilen += absatz(abschnitt.fundstelle, kopf)
    return "\n".join(zeilen if verlaeufe else [*zeilen, "", "  Es ist keine Einkommensgrenze hinterlegt."])


def _zeitraum(abschnitt: Abschnitt) -> str:
    if abschnitt.bis is None:
        return f"ab {tag(abschnitt.von)}"
    return f"{tag(abschnitt.von)} – {tag(abschnitt.bis)}"


def _grenze(abschnitt: Abschnitt) -> str:
    if abschnitt.gesichert:
        return f"{euro(abschnitt.grenze):>14}  ({abschnitt.beleg})"
    ansicht = "" if abschnitt.grenze is None else f" ({ganze_euro(abschnitt.grenze)})"
    return f"{ARTEN[abschnitt.art]}{ansicht}"


ARTEN = {
    "fenster": "Beginn offen",
    "wert_unbekannt": "nicht belegt",
    "beleg_c": "ungeprüft",
    "undatiert": "ohne Datum",
    "": "nicht belegt",
}
"""Why a limit does not decide."""
