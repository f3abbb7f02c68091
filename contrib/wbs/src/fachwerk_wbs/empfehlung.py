"""From income and limits to a recommendation: decide what is certain, ask for what is missing, else leave it open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from fachwerk.modell import Empfehlung
from fachwerk.regeln import Luecke, Schritt, Unbekannt
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.fiktion import NAME as FIKTION
from fachwerk_wbs.grenzen import Stufengrenze

SCHRITT = Decimal(1)
"""Länder round to cents, down to the euro or to the nearest: within one euro of a limit a person decides."""


Zeile = tuple[str, Schritt]
"""A step of the calculation and whose it is."""


@dataclass(frozen=True)
class Lage:
    """Everything the recommendation depends on."""

    fall: Fall
    einkommen: Any
    stufen: Sequence[Stufengrenze]
    sperrend: tuple[Luecke, ...]
    guenstig: tuple[Luecke, ...]
    schritte: Sequence[Zeile]
    titel: Mapping[str, str]

    @cached_property
    def gewaehlt(self) -> Stufengrenze | None:
        """The first tier that is kept and needs no discretion; one without certificate only if no other is."""
        waehlbar = [s for s in self.stufen if not s.merkmal("ermessen") and self.zaehlt(s)]
        gehalten = [s for s in waehlbar if s.eingehalten(self.einkommen)]
        return next((s for s in gehalten if s.von_rechts_wegen), next(iter(gehalten), None))

    @property
    def massgeblich(self) -> list[Stufengrenze]:
        """Tiers a certificate can be issued for as of right."""
        return [s for s in self.stufen if s.von_rechts_wegen and self.zaehlt(s)]

    @property
    def tragende(self) -> list[Stufengrenze]:
        """Tiers a refusal rests on: each would have been enough, by right or by discretion."""
        return [s for s in self.stufen if self.zaehlt(s) and not s.merkmal("nicht_wbs")]

    def zaehlt(self, stufe: Stufengrenze) -> bool:
        """A tier of one funding path only is listed, but counts only for a flat of that path."""
        return not stufe.merkmal("nur_foerderweg") or stufe.id == self.fall.foerderweg


def empfehle(lage: Lage) -> tuple[Empfehlung, tuple[Luecke, ...]]:
    """The recommendation and the points that stay open."""
    if not lage.sperrend and (stufe := _ohne_einkommen(lage)):
        return _bewilligt(lage, stufe)
    if lage.sperrend or isinstance(lage.einkommen, Unbekannt):
        return _gesperrt(lage)
    if vorbehalte := _rundung(lage):
        return Empfehlung.VORLEGEN, vorbehalte
    if lage.fall.foerderweg:
        return _fuer_foerderweg(lage, lage.fall.foerderweg)
    if lage.gewaehlt is None or lage.gewaehlt not in lage.massgeblich:
        return _nicht_eingehalten(lage)
    return _eingehalten(lage, lage.gewaehlt)


def _ohne_einkommen(lage: Lage) -> Stufengrenze | None:
    """The tier a certificate is due for whatever the income: the limit counts as kept."""
    if lage.gewaehlt is None or not lage.gewaehlt.fingiert:
        return None
    weg = lage.fall.foerderweg
    hoehere = [s for s in lage.massgeblich if s.id == weg and (s.fingiert or not s.merkmal("nur_foerderweg"))]
    return next(iter(hoehere), None) if weg else lage.gewaehlt


def _gesperrt(lage: Lage) -> tuple[Empfehlung, tuple[Luecke, ...]]:
    """Nothing can be compared: where the law itself is unknown no answer of the applicant helps, so nobody is asked."""
    einkommen = lage.einkommen.luecken if isinstance(lage.einkommen, Unbekannt) else ()
    keine_grenze = not any(s.gesichert for s in lage.massgeblich)
    grenzen = _unbekannte(lage.massgeblich) if keine_grenze else ()
    luecken = tuple(dict.fromkeys((*lage.sperrend, *einkommen, *grenzen, *_zur_fiktion(lage))))
    if _zur_fiktion(lage) or all(luecke.art == "angabe" for luecke in luecken):
        return Empfehlung.NACHFORDERN, luecken
    return Empfehlung.VORLEGEN, luecken


def _zur_fiktion(lage: Lage) -> tuple[Luecke, ...]:
    """The question whose answer would make income and limits, known or not, a matter of no account."""
    return tuple(luecke for luecke in lage.guenstig if luecke.name == FIKTION)


def _offen(luecken: tuple[Luecke, ...]) -> tuple[Empfehlung, tuple[Luecke, ...]]:
    """Facts the applicant can supply are asked for; what the law leaves open goes to a person."""
    fehlt = any(luecke.art == "angabe" for luecke in luecken)
    return (Empfehlung.NACHFORDERN if fehlt else Empfehlung.VORLEGEN), luecken


def _eingehalten(lage: Lage, stufe: Stufengrenze) -> tuple[Empfehlung, tuple[Luecke, ...]]:
    darunter = [s for s in lage.massgeblich if s is not stufe and _liegt_unter(s, stufe)]
    unbekannt = _unbekannte(darunter)
    if unbekannt or (darunter and lage.guenstig):
        return _offen(unbekannt + lage.guenstig)
    if ermessen := _ermessen(lage, stufe):
        return Empfehlung.VORLEGEN, ermessen
    return _bewilligt(lage, stufe)


def _bewilligt(lage: Lage, stufe: Stufengrenze) -> tuple[Empfehlung, tuple[Luecke, ...]]:
    """The tier is kept; where it also asks for a test of assets, only "none" passes without a person."""
    if stufe.vermoegen and lage.fall.vermoegen != 0:
        return Empfehlung.VORLEGEN, (_vermoegen(stufe),)
    return Empfehlung.BEWILLIGEN, ()


def _liegt_unter(eine: Stufengrenze, andere: Stufengrenze) -> bool:
    return eine.zur_ansicht is None or (andere.zur_ansicht is not None and eine.zur_ansicht < andere.zur_ansicht)


def _nicht_eingehalten(lage: Lage) -> tuple[Empfehlung, tuple[Luecke, ...]]:
    unbekannt = _unbekannte(lage.massgeblich)
    if unbekannt or not lage.massgeblich:
        return _offen((*(unbekannt or (_keine_stufe(),)), *_zur_fiktion(lage)))
    if lage.guenstig:
        return _offen(lage.guenstig)
    hindernisse = _ermessen(lage, None) + _andere_stufe(lage) + _haerte(lage)
    if hindernisse:
        return Empfehlung.VORLEGEN, hindernisse
    schwach = _schwache(lage)
    return (Empfehlung.VORLEGEN, schwach) if schwach else (Empfehlung.ABLEHNEN, ())


def _fuer_foerderweg(lage: Lage, foerderweg: str) -> tuple[Empfehlung, tuple[Luecke, ...]]:
    """The case names the funding path of the flat: then that tier decides, not the lowest."""
    stufe = next((s for s in lage.stufen if s.id == foerderweg), None)
    if stufe is None:
        text = f"Der genannte Förderweg {foerderweg!r} ist im Regelpaket nicht bekannt."
        return Empfehlung.VORLEGEN, (Luecke("foerderweg", "recht", text),)
    if not stufe.eingehalten(lage.einkommen):
        if lage.gewaehlt is None:
            return _nicht_eingehalten(lage)
        offen = _unbekannte([stufe]) + lage.guenstig
        text = f"Die Grenze des genannten Förderwegs ({stufe.titel}) ist nicht eingehalten, eine andere schon."
        return _offen((Luecke("foerderweg", "recht", text, stufe.fundstelle), *offen))
    if stufe.merkmal("ermessen"):
        return Empfehlung.VORLEGEN, (_ermessenspunkt(stufe),)
    if stufe.merkmal("nicht_wbs"):
        return Empfehlung.VORLEGEN, _andere_stufe(lage)
    return _bewilligt(lage, stufe)


def _rundung(lage: Lage) -> tuple[Luecke, ...]:
    nahe = [s for s in lage.massgeblich if not isinstance(s.grenze.wert, Unbekannt)]
    return tuple(
        Luecke(
            "rundung",
            "recht",
            f"Das Einkommen liegt weniger als einen Euro neben der Grenze {s.titel}: Rundung von Hand prüfen.",
            s.fundstelle,
        )
        for s in nahe
        if 0 < abs(lage.einkommen - s.grenze.wert) < SCHRITT
    )


def _ermessen(lage: Lage, stufe: Stufengrenze | None) -> tuple[Luecke, ...]:
    """A discretionary tier below the kept one is kept: only a person may use it, or not."""
    stufen = [s for s in lage.stufen if s.merkmal("ermessen") and lage.zaehlt(s)]
    moeglich = [s for s in stufen if s.eingehalten(lage.einkommen)]
    return tuple(_ermessenspunkt(s) for s in moeglich if stufe is None or _liegt_unter(s, stufe))


def _ermessenspunkt(stufe: Stufengrenze) -> Luecke:
    text = f"{stufe.titel} wäre eingehalten; darüber ist nach Ermessen zu entscheiden."
    return Luecke(f"ermessen_{stufe.id}", "recht", text, stufe.fundstelle)


def _vermoegen(stufe: Stufengrenze) -> Luecke:
    text = f"{stufe.titel}: Hier ist auch das Vermögen zu prüfen; die Beträge sind im Regelpaket nicht belegt."
    return Luecke(f"vermoegen_{stufe.id}", "recht", text, stufe.fundstelle)


def _andere_stufe(lage: Lage) -> tuple[Luecke, ...]:
    andere = [s for s in lage.stufen if s.merkmal("nicht_wbs") and s.eingehalten(lage.einkommen) and lage.zaehlt(s)]
    text = "Eingehalten ist nur die Grenze {titel}, für die kein Wohnberechtigungsschein vorgesehen ist."
    return tuple(Luecke("nicht_wbs", "recht", text.format(titel=s.titel), s.fundstelle) for s in andere)


def _haerte(lage: Lage) -> tuple[Luecke, ...]:
    if not lage.fall.haerte:
        return ()
    text = "Eine besondere Härte oder das Freimachen einer geförderten Wohnung ist geltend gemacht."
    return (Luecke("haerte", "recht", text, "§ 27 Abs. 3 Satz 4 WoFG oder Landesrecht"),)


def _schwache(lage: Lage) -> tuple[Luecke, ...]:
    """A refusal needs grade A of every value it rests on: income, household, and each tier that would be enough."""
    je_stufe = (schritt for stufe in lage.tragende for schritt in stufe.schritte)
    schritte = (*(schritt for _, schritt in lage.schritte), *je_stufe)
    schwach = [s.name for s in schritte if s.beleg in ("B", "C")]
    if not schwach:
        return ()
    namen = "; ".join(dict.fromkeys(lage.titel[name] for name in schwach if name in lage.titel))
    text = f"Eine Ablehnung trägt nur, was amtlich belegt ist (Beleg A). Nicht amtlich gesehen: {namen}."
    return (Luecke("beleg_nicht_a", "recht", text),)


def _unbekannte(stufen: Sequence[Stufengrenze]) -> tuple[Luecke, ...]:
    return tuple(dict.fromkeys(luecke for stufe in stufen for luecke in stufe.luecken))


def _keine_stufe() -> Luecke:
    return Luecke("stufen", "recht", "Für diesen Tag ist im Regelpaket keine Einkommensgrenze belegt.")
