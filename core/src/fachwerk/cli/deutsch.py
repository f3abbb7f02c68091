"""What click says, in German. Texts we do not have stay as they are."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

_MODULE = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types", "utils")

TEXTE: Mapping[str, str] = {
    "Usage:": "Aufruf:",
    "Options": "Optionen",
    "Commands": "Befehle",
    "Positional arguments": "Argumente",
    "Show this message and exit.": "Zeigt diese Hilfe.",
    "Show the version and exit.": "Zeigt die Version.",
    "%(prog)s, version %(version)s": "%(prog)s, Version %(version)s",
    "Error: {message}": "Fehler: {message}",
    "Try '{command} {option}' for help.": "Hilfe: {command} {option}",
    "default: {default}": "Vorgabe: {default}",
    "env var: {var}": "Umgebung: {var}",
    "(dynamic)": "(berechnet)",
    "required": "Pflicht",
    "deprecated": "veraltet",
    "file": "Datei",
    "directory": "Ordner",
    "path": "Pfad",
    "Missing command.": "Es fehlt der Befehl.",
    "Missing argument": "Es fehlt das Argument",
    "Missing option": "Es fehlt die Option",
    "Missing parameter": "Es fehlt die Angabe",
    "Missing parameter: {param_name}": "Es fehlt die Angabe: {param_name}",
    "Missing {param_type}": "Es fehlt: {param_type}",
    "Choose from:\n\t{choices}": "Zur Wahl stehen:\n\t{choices}",
    "Invalid value: {message}": "Ungültige Angabe: {message}",
    "Invalid value for {param_hint}: {message}": "Ungültige Angabe für {param_hint}: {message}",
    "No such command {name!r}.": "Den Befehl {name!r} gibt es nicht.",
    "No such option {name!r}.": "Die Option {name!r} gibt es nicht.",
    "No such option: {name}": "Die Option {name} gibt es nicht.",
    "Did you mean {possibility}?": "Meinten Sie {possibility}?",
    "(Did you mean one of: {possibilities}?)": "(Meinten Sie eine von diesen: {possibilities}?)",
    "Got unexpected extra argument ({args})": "Unerwartetes Argument ({args})",
    "Got unexpected extra arguments ({args})": "Unerwartete Argumente ({args})",
    "Option {name!r} requires an argument.": "Die Option {name!r} braucht eine Angabe.",
    "Option {name!r} requires {nargs} arguments.": "Die Option {name!r} braucht {nargs} Angaben.",
    "Option {name!r} does not take a value.": "Die Option {name!r} nimmt keine Angabe.",
    "Argument {name!r} takes {nargs} values.": "Das Argument {name!r} nimmt {nargs} Angaben.",
    "{value!r} is not a valid {number_type}.": "{value!r} ist keine gültige Zahl ({number_type}).",
    "{value} is not in the range {range}.": "{value} liegt nicht im Bereich {range}.",
    "{value!r} is not {choice}.": "{value!r} ist nicht {choice}.",
    "{value!r} is not one of {choices}.": "{value!r} ist keines von {choices}.",
    "{value!r} does not match the format {format}.": "{value!r} hat nicht die Form {format}.",
    "{value!r} does not match the formats {formats}.": "{value!r} hat keine der Formen {formats}.",
    "{name} {filename!r} does not exist.": "{name} {filename!r} gibt es nicht.",
    "{name} {filename!r} is a file.": "{name} {filename!r} ist eine Datei.",
    "{name} {filename!r} is a directory.": "{name} {filename!r} ist ein Ordner.",
    "{name} {filename!r} is not readable.": "{name} {filename!r} ist nicht lesbar.",
    "{name} {filename!r} is not writable.": "{name} {filename!r} ist nicht beschreibbar.",
    "Could not open file {filename!r}: {message}": "Die Datei {filename!r} lässt sich nicht öffnen: {message}",
    "Error: invalid input": "Fehler: ungültige Eingabe",
    "Repeat for confirmation": "Zur Bestätigung wiederholen",
    "Error: The two entered values do not match.": "Fehler: Die beiden Eingaben sind verschieden.",
    "Do you want to continue?": "Fortfahren?",
    "Aborted!": "Abgebrochen.",
}


def einrichten() -> None:
    """Let click speak German in this process: its modules ask a function for every text."""
    for name in _MODULE:
        namen = vars(importlib.import_module(f"click.{name}"))
        namen.update({wort: ersatz for wort, ersatz in (("_", uebersetze), ("ngettext", _mehrzahl)) if wort in namen})


def uebersetze(text: str) -> str:
    """The German text, or ``text`` itself."""
    return TEXTE.get(text, text)


def _mehrzahl(eins: str, viele: str, anzahl: int) -> str:
    return uebersetze(eins if anzahl == 1 else viele)


def beschrifte(befehl: click.Command) -> click.Command:
    """German placeholders in the usage line of ``befehl`` and of what lies below it."""
    if befehl.options_metavar == "[OPTIONS]":
        befehl.options_metavar = "[OPTIONEN]"
    if isinstance(befehl, click.Group):
        befehl.subcommand_metavar = "BEFEHL [ANGABEN]…"
        for unterbefehl in befehl.commands.values():
            beschrifte(unterbefehl)
    return befehl
