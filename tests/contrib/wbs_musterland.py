"""A fictitious Land whose package a test writes itself: parameters, households, limits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fachwerk_wbs import Ergebnis, Land, berechne, lies_fall
from fachwerk_wbs.grenzen import grenzen_fuer

KOPF = """
code: zz
name: Musterland
rechtsstand: 2026-11-21
bund: {bund}
zustaendig: {{text: Die Musterstelle., fundstelle: § 1 MusterG, beleg: A}}
{kopf}
"""
HEUTE = date(2026, 11, 21)
BUND = "{einkommensgrenzen: A, werbungskosten: A, einkuenfte: A, abzuege: A}"
ZAHLUNGEN = ("einkommensteuer", "kranken_pflegeversicherung", "rentenversicherung")


class Musterland:
    """Writes the package of a fictitious Land into a folder and computes by it."""

    heute = HEUTE

    def __init__(self, ordner: Path, name: str) -> None:
        self.paket = ordner / name
        self.name = name

    def mit(self, *parameter: str, bund: str = BUND, kopf: str = "") -> Land:
        """The Land with these parameters; ``kopf``: further lines of land.yaml."""
        (self.paket / "parameter").mkdir(parents=True)
        (self.paket / "__init__.py").write_text("", encoding="utf-8")
        (self.paket / "land.yaml").write_text(KOPF.format(bund=bund, kopf=kopf), encoding="utf-8")
        (self.paket / "parameter" / "alles.yaml").write_text("".join(parameter), encoding="utf-8")
        return Land("zz", self.name)

    @staticmethod
    def fassungen(name: str, *inhalte: tuple[str, str], merkmale: str = "{}", beleg: str = "A") -> str:
        """One parameter with a version per pair of first day and value (``ende``: it ends)."""
        zeilen = "".join(
            f"    - {{ab: {ab}, {'ende: true' if inhalt == 'ende' else f'wert: {inhalt}, beleg: {beleg}'}, "
            "fundstelle: § 2 MusterG, quelle: erfunden}\n"
            for ab, inhalt in inhalte
        )
        kopf = f"{name}:\n  titel: Muster {name}\n  einheit: EUR\n  geprueft_am: 2026-11-21\n"
        return f"{kopf}  merkmale: {merkmale}\n  fassungen:\n{zeilen}"

    @classmethod
    def wert(cls, name: str, inhalt: str, beleg: str = "A", merkmale: str = "{}", ab: str = "2020-01-01") -> str:
        """One parameter with one version since 2020."""
        return cls.fassungen(name, (ab, inhalt), merkmale=merkmale, beleg=beleg)

    @staticmethod
    def person(rolle: str, **angaben: Any) -> dict[str, Any]:
        """A member without income whose facts are complete."""
        geboren = "2015-01-01" if rolle == "kind" else "1980-01-01"
        gesund = {"grad_der_behinderung": 0, "pflegegrad": 0, "haeuslich_pflegebeduerftig": False}
        return {"name": rolle, "rolle": rolle, "geburtsdatum": geboren, "einkuenfte": [], **gesund, **angaben}

    def haushalt(self, *rollen: str | dict[str, Any], betrag: object = 10000, **angaben: Any) -> dict[str, Any]:
        """A case: the first member has a profit and pays nothing; a member may be a role or ready-made."""
        personen = [self.person(r) if isinstance(r, str) else dict(r) for r in rollen]
        zahlt = dict.fromkeys(ZAHLUNGEN, False)
        personen[0] |= {"einkuenfte": [{"art": "selbstaendig", "betrag": betrag}], "zahlt": zahlt}
        return {"land": "zz", "stichtag": HEUTE, "unterhalt": [], "haushalt": personen, **angaben}

    def rechne(self, land: Land, *rollen: str | dict[str, Any], **angaben: Any) -> Ergebnis:
        """What comes out for a household of these members."""
        return berechne(lies_fall(self.haushalt(*rollen, **angaben)), land)

    @staticmethod
    def limits(land: Land, personen: int, kinder: int) -> dict[str, Decimal | None]:
        """All tiers with the limit as it is printed."""
        return {s.id: s.zur_ansicht for s in grenzen_fuer(land, HEUTE, personen, kinder)}
