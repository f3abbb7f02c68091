"""Which texts of an application no shipped font can show: a finding for journal, console and Prüfvermerk."""

from __future__ import annotations

import unicodedata

from fachwerk.modell import Antrag, Befund, Schwere
from fachwerk_aktenablage.antragsbild import antragsbild
from fachwerk_aktenablage.gliederung import Abschnitt, Schriftstueck
from fachwerk_aktenablage.schrift import Setzer, passender_satz, satz

CODE = "zeichen_ersetzt"


def befunde_zu_zeichen(antrag: Antrag) -> list[Befund]:
    """One finding that says how many places of which sections are concerned, and none of what stands there."""
    if _ist_ueblich(antrag):
        return []
    stellen = _stellen(antragsbild(antrag, "", "", {}))
    if not stellen:
        return []
    wo = "; ".join(f"{titel}: {anzahl}" for titel, anzahl in stellen.items())
    text = (
        "Der Antrag enthält Zeichen, die keine Schrift der PDF-Schriftstücke in der Aktenablage zeigen kann. Dort "
        f"stehen sie als Nummer in eckigen Klammern (Stellen je Abschnitt – {wo}). Bitte index.html oder das Original "
        "lesen."
    )
    return [Befund(code=CODE, schwere=Schwere.HINWEIS, text=text)]


def _ist_ueblich(antrag: Antrag) -> bool:
    """Whether the small set of fonts has every character of it; nearly always, and quickly told."""
    return satz("grund").zeichen.issuperset(unicodedata.normalize("NFC", antrag.model_dump_json()))


def _stellen(bild: Schriftstueck) -> dict[str, int]:
    """How many texts of each section lose a character."""
    alle = list(bild.texte())
    setzer = Setzer(passender_satz(alle))
    setzer.druckbar("".join(set().union(*alle)))
    if not setzer.ersetzt:
        return {}
    zahlen = {abschnitt.titel: _betroffene(abschnitt, setzer.ersetzt) for abschnitt in bild.abschnitte}
    return {titel: anzahl for titel, anzahl in zahlen.items() if anzahl}


def _betroffene(abschnitt: Abschnitt, ersetzt: set[str]) -> int:
    texte = Schriftstueck("", "", "", "", abschnitte=(abschnitt,)).texte()
    return sum(not ersetzt.isdisjoint(text) for text in texte)
