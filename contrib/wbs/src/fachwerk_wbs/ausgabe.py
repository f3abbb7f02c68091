"""Results as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fachwerk.modell import OffenerPunkt, Rechenschritt
from fachwerk_wbs.ergebnis import Ergebnis, Stufenergebnis

WORTE = {
    "bewilligen": "bewilligen",
    "ablehnen": "ablehnen",
    "nachfordern": "Angaben oder Nachweise nachfordern",
    "vorlegen": "zur Entscheidung vorlegen",
    "weiterleiten": "weiterleiten",
}


def ergebnis_text(ergebnis: Ergebnis) -> str:
    """The result in paragraphs: recommendation, tiers, certificate, reason, open points, proofs."""
    teile = [
        f"Land {ergebnis.land}, Stichtag {ergebnis.stichtag:%d.%m.%Y}",
        f"Empfehlung: {WORTE[ergebnis.empfehlung]}",
        f"Gesamteinkommen: {_euro(ergebnis.gesamteinkommen)}",
        "Stufen:",
        *(_stufe(s, s.id == ergebnis.stufe) for s in ergebnis.stufen),
        _schein(ergebnis),
        "Begründung:",
        *_zeilen(ergebnis.begruendung),
        *_absatz("Hinweise:", _zeilen(ergebnis.hinweise)),
        *_absatz("Offen:", (_punkt(p) for p in ergebnis.offen)),
        *_absatz("Nachweise für diesen Fall:", (f"  - {n}" for n in ergebnis.nachweise)),
    ]
    return "\n".join(teile)


def _punkt(punkt: OffenerPunkt) -> str:
    return f"  - {punkt.text}" + (f" [{punkt.fundstelle}]" if punkt.fundstelle else "")


def _euro(betrag: str | None) -> str:
    return "unbekannt" if betrag is None else f"{betrag} EUR"


def _stufe(stufe: Stufenergebnis, gewaehlt: bool) -> str:
    stand = {True: "eingehalten", False: "überschritten", None: "unbekannt"}[stufe.eingehalten]
    zusatz = " (Ermessen)" if stufe.ermessen else ""
    return f"  {'→' if gewaehlt else ' '} {stufe.id}: {_euro(stufe.grenze)}, {stand}{zusatz}"


def _schein(ergebnis: Ergebnis) -> str:
    raeume = f" oder {ergebnis.raeume} Räume" if ergebnis.raeume else ""
    groesse = f"{ergebnis.wohnflaeche_m2 or 'unbekannt'} m²{raeume}"
    dauer = f"{ergebnis.gueltig_monate or 'unbekannt'} Monate"
    return f"Wohnung: {groesse}; gültig {dauer}; Gebühr: {_euro(ergebnis.gebuehr)}"


def _zeilen(schritte: Iterable[Rechenschritt]) -> list[str]:
    return [f"  {s.name}: {s.wert}  [{s.fundstelle}{f', Beleg {s.beleg}' if s.beleg else ''}]" for s in schritte]


def _absatz(kopf: str, zeilen: Iterable[str]) -> list[str]:
    liste = list(zeilen)
    return [kopf, *liste] if liste else []


def grenzen_text(name: str, kopf: dict[str, Any], stufen: list[dict[str, Any]]) -> str:
    """The limits as a list."""
    zeilen = [f"{name}, Stichtag {kopf['stichtag']}, {kopf['personen']} Person(en), davon {kopf['kinder']} Kind(er)"]
    for stufe in stufen:
        zusatz = " (Ermessen)" if stufe["ermessen"] else ""
        zusatz += "" if stufe["gesichert"] else " (nicht gesichert)"
        zeilen.append(f"  {stufe['id']}: {_euro(stufe['grenze'])}{zusatz}  [{stufe['fundstelle']}]  {stufe['titel']}")
        zeilen += [f"      {text}" for text in stufe["offen"]]
    return "\n".join(zeilen if stufen else [*zeilen, "  Für diesen Tag ist keine Einkommensgrenze belegt."])
