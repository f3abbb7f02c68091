"""What a site gets: our distributions and everything they need at run time, as installed here, with its licences.

``lieferung.py --stueckliste`` prints a CycloneDX 1.6 document, ``--lizenzen`` a list of the licences; it ends with 1
where one is missing or not allowed. ``--werkzeuge`` lists what is only used to build and to test, and reaches no site.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import Distribution, distribution
from typing import Any

from packaging.requirements import Requirement
from pakete import WURZEL, mitglieder, normiert

KLASSEN = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD License",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Classifiers of older metadata → SPDX, where they say one thing; „BSD License“ does not say which of them."""

ERLAUBT = {
    *(
        "Apache-2.0",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "EUPL-1.2",
        "ISC",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
    ),
    *("MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "PSF-2.0"),
}
"""What a run-time dependency may have: compatible with the EUPL, no (A)GPL. A new one is a decision."""


def eigene() -> list[str]:
    """The names of our distributions, the core first."""
    return [tomllib.loads(datei.read_text(encoding="utf-8"))["project"]["name"] for datei in mitglieder()]


@cache
def lieferung() -> dict[str, tuple[Distribution, list[str]]]:
    """Name → installed distribution and the names of what it needs, for all of ours and what follows from them."""
    offen, gesehen = [Requirement(name) for name in eigene()], set[tuple[str, frozenset[str]]]()
    alle: dict[str, tuple[Distribution, list[str]]] = {}
    while offen:
        anforderung = offen.pop()
        name, extras = normiert(anforderung.name), frozenset(anforderung.extras)
        if (name, extras) in gesehen:
            continue
        gesehen.add((name, extras))
        paket = distribution(name)
        folgen = [folge for folge in map(Requirement, paket.requires or ()) if _gilt(folge, extras)]
        bisher = alle.get(name, (paket, []))[1]
        alle[name] = paket, sorted({*bisher, *(normiert(folge.name) for folge in folgen)})
        offen += folgen
    return dict(sorted(alle.items()))


def _gilt(folge: Requirement, extras: frozenset[str]) -> bool:
    return folge.marker is None or any(folge.marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def lizenz(paket: Distribution) -> str:
    """The licence as an SPDX expression (or „BSD License“); empty where the metadata does not say it in a known way."""
    angaben = paket.metadata
    if ausdruck := angaben.get("License-Expression"):
        return str(ausdruck)
    vorsatz = "License :: OSI Approved :: "
    klassen = {klasse.removeprefix(vorsatz) for klasse in angaben.get_all("Classifier") or [] if vorsatz in klasse}
    if klassen and klassen <= KLASSEN.keys():
        return " AND ".join(sorted(KLASSEN[klasse] for klasse in klassen))
    kurz = str(angaben.get("License") or "").strip()
    return kurz if not klassen and kurz in ERLAUBT else ""


def erlaubt(ausdruck: str) -> bool:
    """Whether one alternative of the expression consists of allowed licences only; with brackets never."""
    wege = [weg.split(" AND ") for weg in ausdruck.split(" OR ")]
    return any(all(teil.strip() in ERLAUBT for teil in weg) for weg in wege)


def maengel(alle: Mapping[str, tuple[Distribution, list[str]]]) -> Iterator[str]:
    """What a person has to decide: licences unknown or not allowed."""
    for name, (paket, _) in alle.items():
        angabe = lizenz(paket)
        if not erlaubt(angabe):
            yield f"{name} {paket.version}: {angabe or 'die Metadaten nennen keine bekannte Lizenz'}"


def stueckliste(pruefsummen: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The bill of materials as CycloneDX 1.6; ``pruefsummen`` are the SHA-256 of the wheels, by name."""
    alle, summen = lieferung(), pruefsummen or {}
    kern = alle["fachwerk"][0]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": _zeit(),
            "component": {"type": "application", "bom-ref": "fachwerk", "name": "Fachwerk", "version": kern.version},
        },
        "components": [_teil(name, paket, summen.get(name)) for name, (paket, _) in alle.items()],
        "dependencies": [
            {"ref": "fachwerk", "dependsOn": [_purl(normiert(name), alle[normiert(name)][0]) for name in eigene()]},
            *(
                {"ref": _purl(name, paket), "dependsOn": [_purl(folge, alle[folge][0]) for folge in folgen]}
                for name, (paket, folgen) in alle.items()
            ),
        ],
    }


def _zeit() -> str:
    """Now, or what ``SOURCE_DATE_EPOCH`` says, for builds that can be repeated."""
    epoche = os.environ.get("SOURCE_DATE_EPOCH")
    jetzt = datetime.fromtimestamp(int(epoche), UTC) if epoche else datetime.now(UTC)
    return jetzt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _purl(name: str, paket: Distribution) -> str:
    return f"pkg:pypi/{name}@{paket.version}"


def _teil(name: str, paket: Distribution, summe: str | None) -> dict[str, Any]:
    lizenzen = _lizenzangabe(lizenz(paket))
    teil = {"type": "library", "bom-ref": _purl(name, paket), "name": name, "version": paket.version}
    hashes = {"hashes": [{"alg": "SHA-256", "content": summe}]} if summe else {}
    return teil | {"purl": _purl(name, paket)} | ({"licenses": lizenzen} if lizenzen else {}) | hashes


def _lizenzangabe(angabe: str) -> list[dict[str, Any]]:
    """As CycloneDX wants it: an id of SPDX, an expression, or just a name."""
    if re.search(r" (AND|OR) ", angabe):
        return [{"expression": angabe}]
    art = "id" if re.fullmatch(r"[A-Za-z0-9.-]+", angabe) else "name"
    return [{"license": {art: angabe}}] if angabe else []


def lizenzliste() -> str:
    """The licences as a table in Markdown, ours left out."""
    fremde = {name: paket for name, (paket, _) in lieferung().items() if name.split("-")[0] != "fachwerk"}
    zeilen = [f"| {name} | {paket.version} | {lizenz(paket) or '?'} |" for name, paket in fremde.items()]
    kopf = ["# Lizenzen der mitgelieferten Pakete", "", "Die Texte liegen in den Rädern selbst (`*.dist-info`).", ""]
    return "\n".join([*kopf, "| Paket | Fassung | Lizenz |", "|---|---|---|", *zeilen]) + "\n"


def werkzeuge() -> dict[str, Distribution]:
    """Everything pinned that is not shipped, by name."""
    fest = [zeile.partition("==")[0] for zeile in (WURZEL / "constraints.txt").read_text(encoding="utf-8").split()]
    return {name: distribution(name) for name in fest if name not in lieferung()}


def werkzeugliste() -> str:
    """Their licences as a table in Markdown; nobody passes them on, so an unknown one is said, not refused."""
    zeilen = [f"| {name} | {paket.version} | {lizenz(paket) or '?'} |" for name, paket in werkzeuge().items()]
    kopf = ["# Werkzeuge zum Bauen und Prüfen: nicht mitgeliefert", "", "| Paket | Fassung | Lizenz |", "|---|---|---|"]
    return "\n".join([*kopf, *zeilen]) + "\n"


def main(wort: str) -> int:
    """Print what ``wort`` asks for; what cannot be accepted goes to the error output."""
    texte = {"--lizenzen": lizenzliste, "--werkzeuge": werkzeugliste}
    print(json.dumps(stueckliste(), indent=1) if wort == "--stueckliste" else texte[wort](), end="")
    schlecht = list(maengel(lieferung()))
    if schlecht:
        print("LIZENZ FEHLT ODER IST NICHT ERLAUBT:", *schlecht, sep="\n  ", file=sys.stderr)
    return 1 if schlecht else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
