"""Invented households: plainly no real people, but with the letters and circumstances real ones have."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from fachwerk.katalog import land_aus_kennung

VORNAMEN = ("Erika", "Łucja", "Őrs", "Şule", "Светлана", "Zoë", "Ngọc Anh", "Jürgen", "Ana Sofía", "Đorđe", "Max")
FAMILIENNAMEN = (
    "Mustermann",
    "Beispiel",
    "Łukaszewicz-Muster",
    "Hőgyész-Probe",
    "Şahin-Beispiel",
    "Примерова",
    "von der Probe",
    "Ňemec-Erfunden",
    "Großmuster",
)
STRASSEN = ("Musterweg", "Beispielallee", "Straße der Probe", "Am Erfundenen Teich")
KENNUNGEN = {"wbs": "wbs:130030000000", "mietrueckstaende": "mrh:130030000000"}
_ERSTER_TAG = date(2025, 3, 1)


def _tag(zufall: Random, stichtag: date, von: int, bis: int) -> str:
    """A birthday of somebody between ``von`` and ``bis`` years old."""
    return (stichtag - timedelta(days=zufall.randint(von * 366, bis * 365))).isoformat()


def _betrag(zufall: Random, von: int, bis: int) -> str:
    return f"{zufall.randint(von, bis)}.{zufall.choice(('00', '50', '99'))}"


def haushalt(zufall: Random, leistung: str, kennung: str = "") -> dict[str, Any]:
    """The case file of an invented household for ``leistung`` (``wbs`` or ``mietrueckstaende``)."""
    stichtag = _ERSTER_TAG + timedelta(days=zufall.randint(0, 500))
    land = land_aus_kennung(kennung or KENNUNGEN[leistung])
    kopf = {"land": land, "stichtag": stichtag.isoformat()} if land else {"stichtag": stichtag.isoformat()}
    inhalt = _wbs(zufall, stichtag) if leistung == "wbs" else _mietrueckstaende(zufall, stichtag)
    return {**kopf, **inhalt}


def _personen(zufall: Random, stichtag: date) -> list[dict[str, Any]]:
    familie = zufall.choice(FAMILIENNAMEN)
    rollen = ["antragsteller"] + ["ehegatte"] * zufall.randint(0, 1) + ["kind"] * zufall.randint(0, 3)
    vornamen = zufall.sample(VORNAMEN, len(rollen))
    return [
        {
            "name": f"{vorname} {familie}",
            "rolle": rolle,
            "geburtsdatum": _tag(zufall, stichtag, *((1, 17) if rolle == "kind" else (22, 78))),
        }
        for vorname, rolle in zip(vornamen, rollen, strict=True)
    ]


def _wbs(zufall: Random, stichtag: date) -> dict[str, Any]:
    personen = _personen(zufall, stichtag)
    paar = any(person["rolle"] == "ehegatte" for person in personen)
    kinder = any(person["rolle"] == "kind" for person in personen)
    fall: dict[str, Any] = {"ehe_seit": _tag(zufall, stichtag, 0, 20)} if paar else {}
    fall["alleinerziehend"] = kinder and not paar
    fall["haushalt"] = [person | _wirtschaft(zufall, person["rolle"]) for person in personen]
    fall["unterhalt"] = _unterhalt(zufall) if zufall.random() < 0.2 else []
    return fall


def _unterhalt(zufall: Random) -> list[dict[str, Any]]:
    return [{"an": "ex_ehegatte", "betrag": _betrag(zufall, 1200, 6000), "titel": zufall.random() < 0.5}]


def _wirtschaft(zufall: Random, rolle: str) -> dict[str, Any]:
    if rolle == "kind":
        return {"einkuenfte": [], "grad_der_behinderung": 0, "pflegegrad": 0, "kindergeld": True} | {
            "haeuslich_pflegebeduerftig": False
        }
    art = zufall.choice(("nichtselbstaendig", "nichtselbstaendig", "rente", "selbstaendig"))
    einkunft = {"art": art, "betrag": _betrag(zufall, 8_000, 46_000)}
    if art == "nichtselbstaendig" and zufall.random() < 0.3:
        einkunft["werbungskosten"] = _betrag(zufall, 1_300, 3_000)
    arbeit = art == "nichtselbstaendig"
    return {
        "einkuenfte": [einkunft],
        "zahlt": {
            "einkommensteuer": arbeit or art == "selbstaendig",
            "kranken_pflegeversicherung": True,
            "rentenversicherung": arbeit,
        },
        "grad_der_behinderung": zufall.choice((0, 0, 0, 50, 80, 100)),
        "pflegegrad": zufall.choice((0, 0, 0, 2)),
        "haeuslich_pflegebeduerftig": False,
        "kindergeld": False,
    }


def _mietrueckstaende(zufall: Random, stichtag: date) -> dict[str, Any]:
    bezug = zufall.choice(("sgb2", "sgb12", "keiner", "asylblg"))
    grund, neben, heizung = (zufall.randint(von, bis) for von, bis in ((300, 700), (60, 150), (50, 140)))
    monate = zufall.randint(1, 6)
    return {
        "leistungsbezug": bezug,
        "erwerbsfaehig": bezug != "sgb12",
        "altersrente": bezug == "sgb12" and zufall.random() < 0.5,
        "haushalt": _personen(zufall, stichtag),
        "miete": {
            "gesamt": f"{grund + neben + heizung}.00",
            "grundmiete": f"{grund}.00",
            "nebenkosten": f"{neben}.00",
            "heizkosten": f"{heizung}.00",
            "beginn": _tag(zufall, stichtag, 1, 9),
            "vermieter": "Wohnungsgesellschaft Musterow mbH",
        },
        "rueckstand": {"betrag": f"{(grund + neben + heizung) * monate}.00", "monate": monate},
        "gefahr": _gefahr(zufall, stichtag),
        "frueher_uebernommen": zufall.random() < 0.2,
        "verbleib_gewollt": True,
    }


def _gefahr(zufall: Random, stichtag: date) -> dict[str, Any]:
    def vor(tage: int) -> str:
        return (stichtag - timedelta(days=tage)).isoformat()

    gefahr: dict[str, Any] = {"mahnung": vor(zufall.randint(40, 90)), "raeumungsklage": False}
    if zufall.random() < 0.7:
        gefahr |= {"kuendigung": vor(zufall.randint(20, 39)), "kuendigung_art": "fristlos"}
    if "kuendigung" in gefahr and zufall.random() < 0.5:
        gefahr |= {
            "raeumungsklage": True,
            "klage_zugestellt": vor(zufall.randint(2, 19)),
            "gericht": "Amtsgericht Musterow",
            "aktenzeichen": f"00 C {zufall.randint(1, 999)}/25",
            "termin": (stichtag + timedelta(days=zufall.randint(10, 60))).isoformat(),
        }
    return gefahr
