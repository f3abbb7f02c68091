"""The calculation of the Wohnberechtigungsschein as dated rules (citations of the federal act, Länder override them).

Percentages and factors are parameters; every argument is a fact, a parameter or another rule.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from fachwerk.regeln import regel

NULL = Decimal(0)


@regel("werbungskosten_arbeit", fundstelle="§ 9a Satz 1 Nr. 1 Buchst. a EStG")
def werbungskosten_arbeit(arbeitnehmer_pauschbetrag: Decimal) -> Decimal:
    """Flat amount for employees and civil servants, once per person."""
    return arbeitnehmer_pauschbetrag


@regel("werbungskosten_versorgung", fundstelle="§ 9a Satz 1 Nr. 1 Buchst. b EStG")
def werbungskosten_versorgung(versorgungs_pauschbetrag: Decimal) -> Decimal:
    """Flat amount for civil servants' pensions."""
    return versorgungs_pauschbetrag


@regel("werbungskosten_rente", fundstelle="§ 9a Satz 1 Nr. 3 EStG")
def werbungskosten_rente(renten_pauschbetrag: Decimal) -> Decimal:
    """Flat amount for pensions of the statutory scheme."""
    return renten_pauschbetrag


@regel("werbungskosten_kapital", fundstelle="§ 21 Abs. 2 Nr. 3.1 WoFG")
def werbungskosten_kapital(kapital_freibetrag: Decimal) -> Decimal:
    """What remains of the saver's allowance once its larger part is added back."""
    return kapital_freibetrag


def _positiv(einnahmen: Decimal, ausgaben: Decimal) -> Decimal:
    return max(NULL, einnahmen - ausgaben)


@regel("einkuenfte_arbeit", fundstelle="§ 21 Abs. 1 WoFG, § 2 Abs. 1 Satz 1 Nr. 4 EStG")
def einkuenfte_arbeit(brutto_arbeit: Decimal, werbungskosten_arbeit: Decimal) -> Decimal:
    """Positive income from employment."""
    return _positiv(brutto_arbeit, werbungskosten_arbeit)


@regel("einkuenfte_versorgung", fundstelle="§ 21 Abs. 1 und 2 Nr. 1.1 WoFG")
def einkuenfte_versorgung(brutto_versorgung: Decimal, werbungskosten_versorgung: Decimal) -> Decimal:
    """Positive income from civil servants' pensions, the tax-free part included."""
    return _positiv(brutto_versorgung, werbungskosten_versorgung)


@regel("einkuenfte_rente", fundstelle="§ 21 Abs. 1 und 2 Nr. 1.3 WoFG")
def einkuenfte_rente(brutto_rente: Decimal, werbungskosten_rente: Decimal) -> Decimal:
    """The full pension: what exceeds the taxable share counts, too."""
    return _positiv(brutto_rente, werbungskosten_rente)


@regel("einkuenfte_kapital", fundstelle="§ 21 Abs. 1 und 2 Nr. 3.1 WoFG")
def einkuenfte_kapital(brutto_kapital: Decimal, werbungskosten_kapital: Decimal) -> Decimal:
    """Capital income above the amount that stays free."""
    return _positiv(brutto_kapital, werbungskosten_kapital)


@regel("einkuenfte_gewinn", fundstelle="§ 21 Abs. 1 WoFG, § 2 Abs. 1 Satz 1 Nr. 1 bis 3 EStG")
def einkuenfte_gewinn(gewinne: Decimal) -> Decimal:
    """Positive profits; a loss of one kind was not set off against another."""
    return gewinne


@regel("einkuenfte_ueberschuss", fundstelle="§ 21 Abs. 1 WoFG, § 2 Abs. 1 Satz 1 Nr. 6 und 7 EStG")
def einkuenfte_ueberschuss(ueberschuesse: Decimal) -> Decimal:
    """Positive surplus of letting and other income."""
    return ueberschuesse


@regel("einkuenfte_steuerfrei", fundstelle="§ 21 Abs. 2 und 3 WoFG")
def einkuenfte_steuerfrei(steuerfreie_betraege: Decimal) -> Decimal:
    """Tax-free income as far as it counts."""
    return steuerfreie_betraege


@regel("abzug_steuer", fundstelle="§ 23 Abs. 1 Nr. 1 WoFG")
def abzug_steuer(basis_steuer: Decimal, pauschale_steuer: Decimal) -> Decimal:
    """Lump sum for income tax actually paid."""
    return basis_steuer * pauschale_steuer / 100


@regel("abzug_kranken", fundstelle="§ 23 Abs. 1 Nr. 2 WoFG")
def abzug_kranken(summe_einkuenfte: Decimal, pauschale_kranken: Decimal) -> Decimal:
    """Lump sum for health and care insurance actually paid."""
    return summe_einkuenfte * pauschale_kranken / 100


@regel("abzug_rente", fundstelle="§ 23 Abs. 1 Nr. 3 WoFG")
def abzug_rente(summe_einkuenfte: Decimal, pauschale_rente: Decimal) -> Decimal:
    """Lump sum for pension contributions actually paid."""
    return summe_einkuenfte * pauschale_rente / 100


@regel("freiwillig_kranken", fundstelle="§ 23 Abs. 2 WoFG")
def freiwillig_kranken(beitrag_kranken: Decimal, abzug_kranken: Decimal) -> Decimal:
    """Comparable contributions instead of compulsory ones: as paid, at most the lump sum."""
    return min(beitrag_kranken, abzug_kranken)


@regel("freiwillig_rente", fundstelle="§ 23 Abs. 2 WoFG")
def freiwillig_rente(beitrag_rente: Decimal, abzug_rente: Decimal) -> Decimal:
    """Comparable provision for old age: as paid, at most the lump sum."""
    return min(beitrag_rente, abzug_rente)


@regel("jahreseinkommen", fundstelle="§§ 21 bis 23 WoFG")
def jahreseinkommen(summe_einkuenfte: Decimal, summe_abzuege: Decimal) -> Decimal:
    """Income of one person after lump sums."""
    return summe_einkuenfte - summe_abzuege


@regel("gesamteinkommen", fundstelle="§ 20 WoFG")
def gesamteinkommen(summe_jahreseinkommen: Decimal, summe_freibetraege: Decimal, summe_unterhalt: Decimal) -> Decimal:
    """Income of the household after allowances and maintenance, never below zero."""
    return max(NULL, summe_jahreseinkommen - summe_freibetraege - summe_unterhalt)


@regel("haushaltsgrenze_1", fundstelle="§ 9 Abs. 2 Satz 1 WoFG")
def haushaltsgrenze_1(grenze_1: Decimal) -> Decimal:
    """Limit of a household of one."""
    return grenze_1


@regel("haushaltsgrenze_2", fundstelle="§ 9 Abs. 2 Satz 1 WoFG")
def haushaltsgrenze_2(grenze_2: Decimal) -> Decimal:
    """Limit of a household of two."""
    return grenze_2


@regel("haushaltsgrenze_mehr", fundstelle="§ 9 Abs. 2 Satz 1 WoFG")
def haushaltsgrenze_mehr(grenze_2: Decimal, grenze_weitere: Decimal, personen: int) -> Decimal:
    """Limit of a household of three or more."""
    return grenze_2 + grenze_weitere * (personen - 2)


@regel("kinderzuschlag", fundstelle="§ 9 Abs. 2 Satz 2 WoFG")
def kinderzuschlag(grenze_kind: Decimal, kinder: int) -> Decimal:
    """Supplement for children, who count as persons, too."""
    return grenze_kind * kinder


@regel("behindertenzuschlag", fundstelle="§ 9 Abs. 3 WoFG")
def behindertenzuschlag(grenze_je_schwerbehindert: Decimal, schwerbehinderte: int) -> Decimal:
    """Supplement of the limit for severely disabled members, where a Land has one."""
    return grenze_je_schwerbehindert * schwerbehinderte


@regel("stufengrenze", fundstelle="§ 9 Abs. 3 WoFG")
def stufengrenze(haushaltsgrenze: Decimal, zuschlag: Decimal, faktor: Decimal) -> Decimal:
    """Limit of a tier, the supplement scaled like the rest."""
    return (haushaltsgrenze + zuschlag) * faktor


@regel("stufengrenze_fest", fundstelle="§ 9 Abs. 3 WoFG")
def stufengrenze_fest(haushaltsgrenze: Decimal, zuschlag: Decimal, faktor: Decimal) -> Decimal:
    """Limit of a tier, the supplement not scaled."""
    return haushaltsgrenze * faktor + zuschlag


RICHTUNG = {"auf": ROUND_CEILING, "ab": ROUND_FLOOR, "kaufmaennisch": ROUND_HALF_UP}


def gerundet(wert: Decimal, schritt: Decimal, richtung: str) -> Decimal:
    """``wert`` rounded to a multiple of ``schritt`` EUR; ``richtung`` is auf, ab or kaufmaennisch."""
    return (wert / schritt).quantize(Decimal(1), RICHTUNG[richtung]) * schritt


TITEL = {
    "werbungskosten_arbeit": "Werbungskosten (Pauschbetrag)",
    "werbungskosten_versorgung": "Werbungskosten (Pauschbetrag)",
    "werbungskosten_rente": "Werbungskosten (Pauschbetrag)",
    "werbungskosten_kapital": "frei bleibende Kapitalerträge",
    "einkuenfte_arbeit": "Einkünfte aus nichtselbständiger Arbeit",
    "einkuenfte_versorgung": "Einkünfte aus Versorgungsbezügen",
    "einkuenfte_rente": "Einkünfte aus Renten",
    "einkuenfte_kapital": "Einkünfte aus Kapitalvermögen",
    "einkuenfte_gewinn": "Einkünfte aus Gewinn",
    "einkuenfte_ueberschuss": "Einkünfte aus Vermietung und sonstige Einkünfte",
    "einkuenfte_steuerfrei": "anzurechnende steuerfreie Einnahmen",
    "abzug_steuer": "Abzug für Steuern vom Einkommen",
    "abzug_kranken": "Abzug für Kranken- und Pflegeversicherung",
    "abzug_rente": "Abzug für Rentenversicherung",
    "freiwillig_kranken": "Abzug für freiwillige Kranken- und Pflegeversicherung",
    "freiwillig_rente": "Abzug für freiwillige Altersvorsorge",
    "summe_abzuege": "Summe der Abzüge",
    "jahreseinkommen": "Jahreseinkommen",
    "gesamteinkommen": "Gesamteinkommen des Haushalts",
    "haushaltsgrenze_1": "Einkommensgrenze des Haushalts",
    "haushaltsgrenze_2": "Einkommensgrenze des Haushalts",
    "haushaltsgrenze_mehr": "Einkommensgrenze des Haushalts",
    "haushaltsgrenze_index": "Einkommensgrenze des Haushalts nach Index",
    "kinderzuschlag": "Zuschlag für Kinder",
    "behindertenzuschlag": "Zuschlag für schwerbehinderte Mitglieder",
    "stufengrenze": "Grenze",
    "stufengrenze_fest": "Grenze",
}
"""What the rules are called in a Prüfvermerk."""
