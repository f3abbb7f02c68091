"""The reason of a Votum on the page: in few lines where the rules offer them, else every step.

What the rules offer in ``ergebnis`` is read tolerantly: ``rechenweg`` (groups of lines), ``hinweise``, ``nachfragen``
(per person) and ``nachweise`` (title and documents that may be one). Rules without them are shown in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fachwerk.modell import Rechenschritt, Votum
from fachwerk_aktenablage.fallblatt import ergebnisblatt
from fachwerk_aktenablage.gliederung import Absatz, Block, Tabelle, Zwischentitel, angaben
from fachwerk_aktenablage.texte import bereinigt, betrag, wort, zahl

BELEGE = {"A": "amtlich", "B": "zweite Hand", "C": "ungeprüft"}
VOLLSTAENDIG = (
    "Beleg A: amtlicher Text gesehen, B: zweite Hand, C: ungeprüft. Jeder einzelne Schritt mit Parametern und "
    "Fundstellen steht in pruefvermerk.json."
)


def eintraege(votum: Votum, feld: str) -> list[Mapping[str, Any]]:
    """The mappings of the list ``feld`` of a result."""
    return abbildungen((votum.ergebnis or {}).get(feld))


def abbildungen(wert: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list; anything else is left out."""
    return [eintrag for eintrag in wert if isinstance(eintrag, Mapping)] if isinstance(wert, list | tuple) else []


def rechnung(votum: Votum) -> Iterator[Block]:
    """Lines by group and what comes of it; without groups all steps and the whole result."""
    gruppen = [gruppe for gruppe in eintraege(votum, "rechenweg") if _zeilen(gruppe)]
    if gruppen:
        yield _in_gruppen(gruppen)
        yield from _kurz(votum.ergebnis or {})
        yield Absatz(VOLLSTAENDIG, "fussnote")
        return
    if schritte := _ohne_hinweise(votum):
        yield _alle_schritte(schritte)
    elif not eintraege(votum, "nachfragen"):
        yield Absatz("Die Regeln nennen keine einzelnen Schritte.")
    if ergebnis := {k: w for k, w in (votum.ergebnis or {}).items() if k not in _EIGENE}:
        yield Zwischentitel("Ergebnis der Prüfung")
        yield from ergebnisblatt(ergebnis)


_EIGENE = frozenset({"rechenweg", "hinweise", "nachfragen", "nachweise", "empfehlung", "begruendung", "offen"})
_EIGENE |= {"fehlend", "ergaenzend", "dringlichkeit", "frist"}
"""What stands in a section of its own."""


def _ohne_hinweise(votum: Votum) -> tuple[Rechenschritt, ...]:
    """The steps but those that are said among the hints."""
    gesagt = {(wort(hinweis.get("name")), wort(hinweis.get("text"))) for hinweis in eintraege(votum, "hinweise")}
    return tuple(schritt for schritt in votum.begruendung if (wort(schritt.name), wort(schritt.wert)) not in gesagt)


def _zeilen(gruppe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return abbildungen(gruppe.get("zeilen"))


def _in_gruppen(gruppen: Iterable[Mapping[str, Any]]) -> Tabelle:
    """The name of a group stands once, in its first line."""
    return Tabelle(
        kopf=("Wer", "Schritt", "EUR/Jahr", "Fundstelle", "Beleg"),
        zeilen=tuple(
            (wort(gruppe.get("gruppe")) if nr == 0 else "", *_zeile(zeile))
            for gruppe in gruppen
            for nr, zeile in enumerate(_zeilen(gruppe))
        ),
        anteile=(15, 41, 11, 26, 7),
        klein=True,
    )


def _zeile(zeile: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        wort(zeile.get("name")),
        zahl(zeile.get("wert", "")),
        bereinigt(str(zeile.get("fundstelle") or "")) or "–",
        bereinigt(str(zeile.get("beleg") or "")) or "–",
    )


def _kurz(ergebnis: Mapping[str, Any]) -> Iterator[Block]:
    """What a certificate would say, in two lines."""
    groesse = " oder ".join(
        f"{wort(ergebnis[feld])} {einheit}"
        for feld, einheit in (("wohnflaeche_m2", "m²"), ("raeume", "Räume"))
        if ergebnis.get(feld) is not None
    )
    teile = [("angemessen", groesse), ("gültig", _mit(ergebnis.get("gueltig_monate"), "Monate"))]
    gebuehr = ergebnis.get("gebuehr")
    teile.append(("Gebühr", "" if gebuehr is None else betrag(gebuehr)))
    gruppen = ergebnis.get("personengruppen")
    if isinstance(gruppen, list) and gruppen:
        teile.append(("Personengruppen", ", ".join(map(wort, gruppen))))
    yield angaben([("Auf dem Schein", "; ".join(f"{was}: {wert}" for was, wert in teile if wert) or "nichts bekannt")])


def _mit(wert: Any, einheit: str) -> str:
    return "" if wert is None else f"{wort(wert)} {einheit}"


def _alle_schritte(schritte: tuple[Rechenschritt, ...]) -> Tabelle:
    return Tabelle(
        kopf=("Nr.", "Schritt", "Wert", "Fundstelle", "Beleg"),
        zeilen=tuple(
            (
                str(nummer),
                bereinigt(schritt.name),
                zahl(schritt.wert),
                bereinigt(schritt.fundstelle) or "–",
                BELEGE.get(schritt.beleg, bereinigt(schritt.beleg) or "–"),
            )
            for nummer, schritt in enumerate(schritte, 1)
        ),
        anteile=(5, 30, 30, 26, 9),
        klein=True,
    )


def hinweise(votum: Votum) -> list[str]:
    """Hints of the rules as sentences with their citation."""
    saetze = []
    for hinweis in eintraege(votum, "hinweise"):
        name, text = wort(hinweis.get("name")), wort(hinweis.get("text")).rstrip(".")
        fundstelle = bereinigt(str(hinweis.get("fundstelle") or ""))
        vorn = "" if name == "Hinweis" else f"{name}: "
        saetze.append(f"{vorn}{text}" + (f" ({fundstelle})." if fundstelle else "."))
    return list(dict.fromkeys(saetze))
