"""The conformance sheet: what a municipality asks a vendor for, in German, as one Markdown file."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fachwerk import __version__
from fachwerk.modell import Art, Idempotenz, Manifest, Stufe
from fachwerk.testkit.konformitaet import ART, VERTRAEGE, Ergebnis, Pruefung, Weg, grundlagen

AUSGANG = {
    "bestanden": "bestanden",
    "entfaellt": "entfällt",
    "nicht_geprueft": "NICHT GEPRÜFT",
    "ausgenommen": "AUSNAHME",
    "gescheitert": "GESCHEITERT",
}
IDEMPOTENZ = {
    Idempotenz.SCHLUESSEL: "Derselbe Schlüssel hat nur eine Wirkung; bei unklarem Ausgang wird wiederholt.",
    Idempotenz.ABFRAGE: "Bei unklarem Ausgang wird das Ziel gefragt, ob es die Sendung hat.",
    Idempotenz.KEINE: "Bei unklarem Ausgang sieht ein Mensch nach; wiederholt wird nichts.",
}
GEZAEHLT = {
    "bestanden": ("bestanden", "bestanden"),
    "entfaellt": ("entfällt", "entfallen"),
    "nicht_geprueft": ("NICHT GEPRÜFT", "NICHT GEPRÜFT"),
    "ausgenommen": ("mit AUSNAHME", "mit AUSNAHME"),
    "gescheitert": ("GESCHEITERT", "GESCHEITERT"),
}
STUFEN = {
    Stufe.UEBERGEBEN: "übergeben",
    Stufe.TECHNISCH_BESTAETIGT: "technisch bestätigt",
    Stufe.UEBERNOMMEN: "übernommen",
}
NIE = (
    "das Fachverfahren oder Postfach selbst: Geprüft wurde gegen die Gegenstelle, die der Hersteller den Tests mitgibt",
    "ob das Fachverfahren mit dem Inhalt etwas anfangen kann",
    "Netz, Rechte, Laufwerke und Zertifikate am Standort (dafür: `fachwerk check` und ein Probelauf dort)",
    "Stromausfall, Ausfall eines Datenträgers, Menge und Geschwindigkeit",
    "die Sicherheit des Quelltexts und der mitgebrachten Bibliotheken",
)
"""What no run of these tests can prove."""

NIE_REGELN = (
    "ob das Recht richtig verstanden ist: Geprüft wurde an Fällen, die der Hersteller selbst gerechnet hat",
    "ob die Zahlen heute noch gelten und ob eine fehlt (dafür: das Amtsblatt und, beim Wohnberechtigungsschein, "
    "`fachwerk wbs luecken`)",
    "die Verwaltungspraxis der Behörde",
    "die Sicherheit des Quelltexts und der mitgebrachten Bibliotheken",
)
"""The same for rules."""


def dateiname(ergebnis: Ergebnis) -> str:
    """``konformitaet-PLUGIN-VERSION.md``."""
    return f"konformitaet-{ergebnis.manifest.name}-{ergebnis.manifest.version}.md"


def blatt(ergebnis: Ergebnis, zeit: datetime) -> str:
    """The whole sheet."""
    return "\n".join(_zeilen(ergebnis, zeit)) + "\n"


def als_json(ergebnis: Ergebnis, datei: str) -> dict[str, Any]:
    """The same for machines."""
    return {
        "plugin": ergebnis.manifest.name,
        "version": ergebnis.manifest.version,
        "urteil": ergebnis.urteil,
        "blatt": datei,
        "fehler": list(ergebnis.fehler),
        "ungeprueft": [*ergebnis.ungeprueft, *_nie(ergebnis.manifest)],
        "pruefungen": [
            {name: wert for name, wert in asdict(pruefung).items() if name != "vertrag"}
            for pruefung in ergebnis.pruefungen
        ],
    }


def _zeilen(ergebnis: Ergebnis, zeit: datetime) -> Iterator[str]:
    manifest = ergebnis.manifest
    yield f"# Konformitätsblatt: {_text(manifest.titel or manifest.name)}"
    yield ""
    yield f"**Ergebnis: {ergebnis.urteil}.** {_summe(ergebnis)}"
    yield ""
    yield from _tabelle("Angabe", "Wert", _kopf(ergebnis, zeit))
    yield ""
    yield "## Was das Plugin von sich sagt"
    yield ""
    yield from _tabelle("Angabe", "Wert", _manifest(manifest))
    for klasse in dict.fromkeys(p.klasse for p in ergebnis.pruefungen):
        weg = next((weg for weg in ergebnis.wege if weg.klasse == klasse), Weg(klasse))
        yield from _klasse([p for p in ergebnis.pruefungen if p.klasse == klasse], weg)
    yield from _liste("Gescheitert", [*ergebnis.fehler, *_gruende(ergebnis, "gescheitert")], "nichts")
    yield from _liste("Ausnahmen, die der Hersteller erklärt hat", _gruende(ergebnis, "ausgenommen"), "keine")
    yield from _liste("Was NICHT geprüft wurde", _nicht(ergebnis), "")
    yield ""
    yield "Dieses Blatt schreibt `fachwerk konformitaet`; jeder kann es selbst nachprüfen. Es ist keine Zertifizierung."


def _summe(ergebnis: Ergebnis) -> str:
    zahlen = {woerter: len(ergebnis.mit(ausgang)) for ausgang, woerter in GEZAEHLT.items()}
    faelle = sum(pruefung.faelle for pruefung in ergebnis.pruefungen)
    gezaehlt = ", ".join(f"{zahl} {woerter[zahl > 1]}" for woerter, zahl in zahlen.items() if zahl)
    return f"{len(ergebnis.pruefungen)} Prüfungen mit {faelle} Fällen: {gezaehlt or 'keine'}."


def _kopf(ergebnis: Ergebnis, zeit: datetime) -> Iterator[tuple[str, str]]:
    yield "Plugin", f"`{ergebnis.manifest.name}` (Paket `{ergebnis.verteilung}`)"
    yield "Version", ergebnis.manifest.version
    yield "Fingerabdruck des Pakets (SHA-256)", f"`{ergebnis.fingerabdruck}`"
    if weitere := grundlagen(ergebnis.verteilung):
        yield "Beruht auf", ", ".join(weitere)
    yield "Vertragstests", ergebnis.tests or "mitgeliefert"
    yield "Fingerabdruck des Prüfwerks (SHA-256)", f"`{ergebnis.pruefwerk}`"
    yield "Geprüft am", zeit.strftime("%d.%m.%Y %H:%M %Z")
    yield "Fachwerk", __version__
    yield "Python, System", f"{sys.version.split()[0]}, {platform.system()} {platform.machine()}"
    yield "Nachprüfen mit", f"`fachwerk konformitaet {ergebnis.manifest.name}`"


def _manifest(manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield "Arten", ", ".join(sorted(ART[art] for art in manifest.arten))
    if Art.ZIEL in manifest.arten:
        yield "Doppelte Übergabe", IDEMPOTENZ[manifest.idempotenz]
        yield "Stufen der Quittung", ", ".join(STUFEN[stufe] for stufe in manifest.stufen)
    yield "Leistungen", ", ".join(sorted(manifest.leistungen)) or "alle"
    yield "Länder", ", ".join(sorted(manifest.laender)) or "alle"
    if manifest.formate:
        yield "Formate hinein", ", ".join(angabe.name for angabe in manifest.formate)
    if manifest.formate_aus:
        yield "Formate hinaus", ", ".join(manifest.formate_aus)


def _klasse(pruefungen: list[Pruefung], weg: Weg) -> Iterator[str]:
    art = next((f"als {ART[art]}" for art, vertrag in VERTRAEGE.items() if vertrag == pruefungen[0].vertrag), "")
    yield ""
    yield f"## Geprüft {art}{', ' if weg.titel else ''}{_text(weg.titel)} (`{weg.klasse}`)"
    yield ""
    yield f"Geprüft gegen: {_text(weg.gegen) or 'eine Gegenstelle, die der Hersteller nicht näher benennt'}."
    yield ""
    yield from _tabelle("Prüfung", "Ergebnis", ((p.text, _ausgang(p)) for p in pruefungen))


def _ausgang(pruefung: Pruefung) -> str:
    wort = AUSGANG[pruefung.ausgang]
    if pruefung.ausgang == "bestanden":
        teile = [f"{pruefung.faelle} Fälle"] * (pruefung.faelle > 1) + _entfallene(pruefung)
        return f"{wort} ({'; '.join(teile)})" if teile else wort
    if pruefung.ausgang == "entfaellt":
        return f"{wort}: {pruefung.gruende[0] if pruefung.gruende else ''}"
    return f"**{wort}**"


def _entfallene(pruefung: Pruefung) -> list[str]:
    if not pruefung.entfallen:
        return []
    return [f"{pruefung.entfallen} entfallen: {pruefung.gruende[0] if pruefung.gruende else ''}"]


def _gruende(ergebnis: Ergebnis, ausgang: str) -> list[str]:
    return [f"`{p.test}` ({p.klasse}): {grund}" for p in ergebnis.mit(ausgang) for grund in p.gruende]


def _nicht(ergebnis: Ergebnis) -> list[str]:
    luecken = [*ergebnis.ungeprueft, *_gruende(ergebnis, "nicht_geprueft")]
    if platform.system() != "Windows":
        luecken.append("Windows")
    return [*luecken, *_nie(ergebnis.manifest)]


def _nie(manifest: Manifest) -> tuple[str, ...]:
    return NIE_REGELN if manifest.arten <= {Art.REGELN} else NIE


def _liste(titel: str, punkte: list[str], leer: str) -> Iterator[str]:
    yield ""
    yield f"## {titel}"
    yield ""
    if not punkte:
        yield f"{leer.capitalize()}."
    for punkt in punkte:
        yield f"- {_text(punkt)}"


def _tabelle(links: str, rechts: str, zeilen: Any) -> Iterator[str]:
    yield f"| {links} | {rechts} |"
    yield "|---|---|"
    for wert, anderer in zeilen:
        yield f"| {_text(wert)} | {_text(anderer)} |"


def _text(wert: str) -> str:
    """One line that cannot break out of a table."""
    return " ".join(wert.split()).replace("|", "\\|")
