"""All targets by name; each is a module ``ziel_<name>`` with ``ZIEL``."""

from __future__ import annotations

NAMEN = (
    "xml",
    "mehrteilig",
    "schreiber",
    "umschlag",
    "abholung",
    "xsozial",
    "layoutprofil",
    "exportordner",
    "behaelter",
    "laufzettel",
    "regeldatei",
    "konfiguration",
    "ergaenze",
    "namen",
    "virenantwort",
    "konsole",
)
