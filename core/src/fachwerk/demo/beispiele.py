"""The messages of the demo: invented people, real traps. Each says what it is there to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

NW, MV, ST = "051110000000", "130030000000", "150030000000"
GEMEINDE, KREIS = "130735301000", "130730000000"
"""A town whose cases of rent arrears its district decides, and that district."""

LAND = {NW: "nw", MV: "mv", ST: "st", GEMEINDE: "mv"}
STELLE = {
    NW: "Stadt Neumusterstadt",
    MV: "Hansestadt Musterow",
    ST: "Stadt Mustersleben",
    GEMEINDE: "Stadt Musterhagen",
}
KONTEN = {"neumusterstadt": NW, "musterow": MV, "musterhagen": GEMEINDE, "mustersleben": ST}
"""The XTA mailboxes: name of account and Kanal, and whose it is."""

EMPFAENGER = f"mrh:{KREIS}"
"""The mailbox of the other office."""

ANHANG_MIB = 30
_NAMENSRAUM = UUID("8f0f2f5e-6a1c-4d0b-9a53-0d1f6f6e7c11")


@dataclass(frozen=True)
class Anhang:
    """An attachment sent as an XTA part of its own."""

    name: str
    medientyp: str
    inhalt: bytes


@dataclass(frozen=True)
class Beispiel:
    """One message: ``zeigt`` in a few German words, ``xml`` as sent, for the office ``leser``.

    ``ziel`` is where it has to arrive, empty if a person has to look at it first; ``per_osci`` sends it to the mailbox
    that COM Vibilia fetches from instead of an XTA mailbox.
    """

    zeigt: str
    leser: str
    xml: bytes
    anhaenge: tuple[Anhang, ...] = ()
    test: bool = False
    noch_einmal: bool = False
    ziel: str = ""
    per_osci: bool = False


@dataclass
class _Mappe:
    """Collects the examples; every one gets its own fixed nachrichtenUUID."""

    heute: date
    beispiele: list[Beispiel] = field(default_factory=list)

    def xml(self, leistung: str, fall: Mapping[str, Any] | None, leser: str, **angaben: Any) -> bytes:
        """A synthetic XSozial-basis message."""
        from fachwerk_xsozial_basis.erzeuger import nachricht

        nummer = len(self.beispiele) + 1
        return nachricht(
            leistung,
            fall,
            leser=leser,
            leser_name=STELLE[leser.partition(":")[2]],
            uuid=str(uuid5(_NAMENSRAUM, f"nachricht-{nummer}")),
            vorgangs_id=str(uuid5(_NAMENSRAUM, f"vorgang-{nummer}")),
            antragsdatum=self.heute,
            seed=nummer,
            **angaben,
        )

    def wbs(self, zeigt: str, amt: str, fall: Mapping[str, Any], **angaben: Any) -> Beispiel:
        leser = f"wbs:{amt}"
        return self.nimm(zeigt, leser, self.xml("wbs", fall, leser, **angaben), ziel="akte")

    def mietrueckstaende(self, zeigt: str, amt: str, fall: Mapping[str, Any], ziel: str, **angaben: Any) -> Beispiel:
        leser = f"mrh:{amt}"
        return self.nimm(zeigt, leser, self.xml("mietrueckstaende", fall, leser), ziel=ziel, **angaben)

    def nimm(self, zeigt: str, leser: str, xml: bytes, **angaben: Any) -> Beispiel:
        beispiel = Beispiel(zeigt, leser, xml, **angaben)
        self.beispiele.append(beispiel)
        return beispiel


def beispiele(heute: date) -> list[Beispiel]:
    """All messages of the demo in the order in which they are sent."""
    mappe = _Mappe(heute)
    erstes = mappe.wbs("eine Person, unter der Grenze", NW, allein("28000.00"))
    mappe.wbs("eine Person, über allen Grenzen", NW, allein("89000.00"))
    mappe.wbs("Familie mit zwei Kindern", NW, familie("52000.00"))
    mappe.wbs("eine Person, unter der Grenze", ST, allein("17000.00"))
    mappe.wbs("eine Person, über allen Grenzen", ST, allein("89000.00"))
    mappe.wbs("eine Person, seit 2025 berechtigt", MV, allein("25500.00"))
    mappe.wbs("Familie mit zwei Kindern", MV, familie("41000.00"))
    mappe.wbs("Angaben und Nachweise fehlen", NW, _ohne_einkommen())
    _mietrueckstaende(mappe, heute)
    _stoerende(mappe)
    mappe.beispiele.append(replace(erstes, zeigt="dieselbe Nachricht noch einmal", noch_einmal=True))
    return mappe.beispiele


def _mietrueckstaende(mappe: _Mappe, heute: date) -> None:
    """To every way to a Fachverfahren, and one to another office."""
    klage, luecken = "vollständig, Räumungsklage läuft", "Angaben fehlen"
    lueckenhaft = {
        "leistungsbezug": "keiner",
        "haushalt": [{"name": "Petra Beispiel", "rolle": "antragsteller"}],
        "miete": {"gesamt": "610.00"},
    }
    sgb12, belege = mietschuld("sgb12", heute), _belege()
    mappe.mietrueckstaende(klage, NW, sgb12, "prosoz-nw", anhaenge=belege)
    mappe.mietrueckstaende(luecken, NW, lueckenhaft, "prosoz-nw")
    mappe.mietrueckstaende(klage, MV, sgb12, "prosoz-mv", anhaenge=belege)
    mappe.mietrueckstaende("falsche Stelle (Jobcenter)", MV, mietschuld("sgb2", heute), "prosoz-mv")
    mappe.mietrueckstaende("der Landkreis ist zuständig", GEMEINDE, sgb12, "landkreis", anhaenge=belege)
    mappe.mietrueckstaende(klage, ST, sgb12, "laemmkom", anhaenge=belege, per_osci=True)
    mappe.mietrueckstaende(luecken, ST, lueckenhaft, "laemmkom-post", anhaenge=belege[:1])


def _belege() -> tuple[Anhang, ...]:
    from fachwerk_xsozial_basis.pdf import kleines_pdf

    zeilen = {"Kündigung.pdf": "Kündigung des Mietverhältnisses", "Klage.pdf": "Klage auf Räumung"}
    return tuple(
        Anhang(name, "application/pdf", kleines_pdf([zeile, "Erfunden, kein echtes Schreiben."]))
        for name, zeile in zeilen.items()
    )


def _stoerende(mappe: _Mappe) -> None:
    wbs_mv, wbs_nw = f"wbs:{MV}", f"wbs:{NW}"
    fall = allein("21000.00")
    mappe.nimm("unbekannte Version 2.9.0", wbs_mv, mappe.xml("wbs", fall, wbs_mv, version="2.9.0"))
    fremd = mappe.xml("wbs", fall, f"xyz:{MV}", produkt="Fischereischein", dienstkennung="", vorgangstyp="999999")
    mappe.nimm("unbekannte Leistung", wbs_mv, fremd)
    mappe.nimm("beschädigtes XML", wbs_nw, mappe.xml("wbs", fall, wbs_nw)[:-200])
    doctype = b'<!DOCTYPE x [<!ENTITY a "b">]>\n'
    kopf, _, rumpf = mappe.xml("wbs", fall, wbs_nw).partition(b"\n")
    mappe.nimm("XML mit DOCTYPE", wbs_nw, kopf + b"\n" + doctype + rumpf)
    gross = Anhang("anhang_0001.pdf", "application/pdf", b"%PDF-1.4\n" + bytes(range(256)) * (ANHANG_MIB * 4096))
    mappe.nimm(f"Anhang von {ANHANG_MIB} MiB", wbs_nw, mappe.xml("wbs", fall, wbs_nw), anhaenge=(gross,), ziel="akte")
    mappe.nimm("als Test gekennzeichnet", wbs_mv, mappe.xml("wbs", fall, wbs_mv, test=True), test=True)
    schadstoff = Anhang("anhang_0001.txt", "text/plain", _eicar())
    mappe.nimm("Schadsoftware (EICAR)", wbs_nw, mappe.xml("wbs", fall, wbs_nw), anhaenge=(schadstoff,))
    gleiche = tuple(Anhang("Nachweis.pdf", "application/pdf", b"%PDF-1.4\n%" + inhalt) for inhalt in (b"1", b"2"))
    mappe.nimm("zwei Anhänge gleichen Namens", wbs_nw, mappe.xml("wbs", fall, wbs_nw), anhaenge=gleiche, ziel="akte")


def _eicar() -> bytes:
    """The harmless test signature of all scanners, put together here so that no file of ours contains it."""
    return b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


def _person(name: str, rolle: str, geboren: str, brutto: str | None = None) -> dict[str, Any]:
    person: dict[str, Any] = {
        "name": name,
        "rolle": rolle,
        "geburtsdatum": geboren,
        "staatsangehoerigkeit": "deutsch",
        "grad_der_behinderung": 0,
        "pflegegrad": 0,
        "haeuslich_pflegebeduerftig": False,
    }
    if brutto is not None:
        person["einkuenfte"] = [{"art": "nichtselbstaendig", "betrag": brutto}]
        person["zahlt"] = {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True}
    return person


def allein(brutto: str) -> dict[str, Any]:
    """The case file of one person with this income."""
    return {
        "alleinerziehend": False,
        "haushalt": [_person("Erika Beispiel", "antragsteller", "1984-05-01", brutto)],
        "unterhalt": [],
    }


def familie(brutto: str) -> dict[str, Any]:
    """The case file of a couple with two children."""
    kinder = [
        _person(name, "kind", tag) | {"kindergeld": True, "einkuenfte": []}
        for name, tag in (("Mia Beispiel", "2016-03-10"), ("Łukasz Beispiel", "2019-09-01"))
    ]
    partner = _person("Jörg Beispiel", "ehegatte", "1978-01-15") | {"einkuenfte": []}
    return {
        "ehe_seit": "2010-06-01",
        "alleinerziehend": False,
        "haushalt": [_person("Ayşe Beispiel", "antragsteller", "1980-02-20", brutto), partner, *kinder],
        "unterhalt": [],
    }


def _ohne_einkommen() -> dict[str, Any]:
    return {"haushalt": [{"name": "Kim Beispiel", "rolle": "antragsteller", "geburtsdatum": "1992-11-30"}]}


def mietschuld(leistungsbezug: str, heute: date) -> dict[str, Any]:
    """The case file of somebody with rent arrears and an action for eviction."""
    return {
        "leistungsbezug": leistungsbezug,
        "erwerbsfaehig": leistungsbezug == "sgb2",
        "altersrente": leistungsbezug == "sgb12",
        "haushalt": [{"name": "Karl Beispiel", "rolle": "antragsteller", "geburtsdatum": "1951-04-02"}],
        "miete": {
            "gesamt": "640.00",
            "grundmiete": "430.00",
            "nebenkosten": "120.00",
            "heizkosten": "90.00",
            "beginn": "2015-07-01",
            "vermieter": "Wohnbau Beispiel eG",
        },
        "rueckstand": {"betrag": "1920.00", "monate": 3, "energie": "0.00"},
        "gefahr": {
            "kuendigung": (heute - timedelta(days=68)).isoformat(),
            "kuendigung_art": "fristlos",
            "raeumungsklage": True,
            "klage_zugestellt": (heute - timedelta(days=33)).isoformat(),
            "gericht": "Amtsgericht Musterow",
            "aktenzeichen": "1 C 1/26",
        },
        "frueher_uebernommen": False,
        "verbleib_gewollt": True,
    }
