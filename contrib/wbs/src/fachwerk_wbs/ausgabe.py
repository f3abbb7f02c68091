"""Results as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from fachwerk.modell import OffenerPunkt, Rechenschritt
from fachwerk_wbs.ergebnis import Ergebnis, Stufenergebnis
from fachwerk_wbs.schreibweise import absatz, euro, tag, zahl

WORTE = {
    "bewilligen": "bewilligen",
    "ablehnen": "ablehnen",
    "nachfordern": "Angaben oder Nachweise nachfordern",
    "vorlegen": "zur Entscheidung vorlegen",
    "weiterleiten": "weiterleiten",
}


def ergebnis_text(ergebnis: Ergebnis, name: str = "") -> str:
    """The result in paragraphs: recommendation, open points, tiers, certificate, reason, hints, proofs."""
    teile = [
        f"{name or ergebnis.land}, Recht vom {tag(ergebnis.stichtag)}",
        f"Empfehlung: {WORTE[ergebnis.empfehlung]}",
        *_absatz("Offen:", (zeile for p in ergebnis.offen for zeile in _punkt(p))),
        f"Gesamteinkommen: {euro(ergebnis.gesamteinkommen)}",
        *_absatz(
            "Stufen (→ die niedrigste eingehaltene):", (_stufe(s, s.id == ergebnis.stufe) for s in ergebnis.stufen)
        ),
        *([] if ergebnis.empfehlung == "ablehnen" else absatz(_schein(ergebnis), weiter="  ")),
        *_absatz("Begründung:", _zeilen(ergebnis.begruendung)),
        *_absatz("Hinweise:", _zeilen(ergebnis.hinweise)),
        *_absatz("Nachweise für diesen Fall:", (z for n in ergebnis.nachweise for z in absatz(n, "  - "))),
    ]
    return "\n".join(teile)


def _punkt(punkt: OffenerPunkt) -> list[str]:
    return absatz(punkt.text + (f" [{punkt.fundstelle}]" if punkt.fundstelle else ""), "  - ")


def _stufe(stufe: Stufenergebnis, gewaehlt: bool) -> str:
    if stufe.grenze is None:
        return f"    {stufe.id}: Grenze nicht belegt"
    stand = {True: "eingehalten", False: "überschritten", None: "nicht zu sagen"}[stufe.eingehalten]
    zusatz = ", nur nach Ermessen" if stufe.ermessen else ""
    return f"  {'→' if gewaehlt else ' '} {stufe.id}: {euro(stufe.grenze)}, {stand}{zusatz}"


def _schein(ergebnis: Ergebnis) -> str:
    groessen = [f"{ergebnis.wohnflaeche_m2} m²"] if ergebnis.wohnflaeche_m2 else []
    groessen += [f"{ergebnis.raeume} Räume" if ergebnis.raeume != "1" else "1 Raum"] if ergebnis.raeume else []
    dauer = f"{ergebnis.gueltig_monate} Monate" if ergebnis.gueltig_monate else "unbekannt"
    gebuehr = "setzt die Stelle fest oder ist nicht belegt" if ergebnis.gebuehr is None else euro(ergebnis.gebuehr)
    groesse = f" {ergebnis.verbindung} ".join(groessen) or "unbekannter Größe"
    return f"Schein: Wohnung {groesse}; gültig {dauer}; Gebühr: {gebuehr}"


def _zeilen(schritte: Iterable[Rechenschritt]) -> list[str]:
    zeilen = []
    for schritt in schritte:
        beleg = f", Beleg {schritt.beleg}" if schritt.beleg else ""
        zeilen += absatz(f"{schritt.name}: {zahl(schritt.wert)}  [{schritt.fundstelle}{beleg}]", "  ", "      ")
    return zeilen


def _absatz(kopf: str, zeilen: Iterable[str]) -> list[str]:
    liste = list(zeilen)
    return [kopf, *liste] if liste else []


def grenzen_text(name: str, kopf: dict[str, Any], stufen: list[dict[str, Any]]) -> str:
    """The limits as a list."""
    haushalt = _anzahl(kopf["personen"], "Person", "Personen")
    haushalt += f", davon {_anzahl(kopf['kinder'], 'Kind', 'Kinder')}" if kopf["kinder"] else ""
    zeilen = [f"{name}, Recht vom {tag(date.fromisoformat(kopf['stichtag']))}: {haushalt}"]
    if not stufen:
        return "\n".join([*zeilen, "  Für diesen Tag ist keine Einkommensgrenze belegt."])
    zeilen += ["Einkommensgrenzen im Jahr:"]
    for stufe in stufen:
        zusatz = ", nur nach Ermessen" if stufe["ermessen"] else ""
        zusatz += "" if stufe["gesichert"] else ", nicht gesichert"
        zeilen += absatz(f"{stufe['titel']} ({stufe['id']}){zusatz}", f"  {euro(stufe['grenze']):>14}  ")
        zeilen += absatz(stufe["fundstelle"] + (f", Beleg {stufe['beleg']}" if stufe["beleg"] else ""), " " * 18)
    offen = dict.fromkeys(text for stufe in stufen for text in stufe["offen"])
    zeilen += _absatz("Offen:", (zeile for text in offen for zeile in absatz(text, "  - ")))
    return "\n".join(zeilen)


def _anzahl(zahl: int, eins: str, viele: str) -> str:
    return f"{zahl} {eins if zahl == 1 else viele}"
