"""Add facts to a case: a form with what is open, a look at what would follow, then a new Fassung."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from starlette.responses import Response
from starlette.routing import Route

from fachwerk import nachtrag
from fachwerk.ergaenzung import HAUSHALT
from fachwerk.errors import FachwerkError
from fachwerk.fassung import grundlage
from fachwerk.konsole import fallinhalt
from fachwerk.konsole.fallinhalt import Fallinhalt
from fachwerk.konsole.seiten.vorgang import fall
from fachwerk.konsole.zugang import Anfrage, geschuetzt
from fachwerk.modell import Aenderung, OffenerPunkt
from fachwerk.rechte import Recht
from fachwerk.zulaessigkeit import nein

_KOPF = (
    "# Nur eintragen, was neu oder anders ist; Zeilen mit # davor zählen nicht.",
    "# Personen werden an ihrem Namen erkannt. Eine leere Angabe gilt als unbekannt.",
)
_BREITE = 100


def zeige(anfrage: Anfrage) -> Response:
    """The form, with what is open as comments; a look into the case."""
    zeile = fall(anfrage, Recht.BEARBEITEN)
    inhalt = _inhalt(anfrage, zeile)
    return _formular(anfrage, zeile, inhalt, text=geruest(inhalt), woher="", bestaetigt=False)


def pruefe_und_uebernimm(anfrage: Anfrage) -> Response:
    """What would be recommended then; with ``uebernehmen`` it becomes the new Fassung.

    What cannot be taken is said above the form, which keeps what was typed.
    """
    zeile = fall(anfrage, Recht.BEARBEITEN)
    eingabe = {"text": anfrage.feld("angaben"), "woher": anfrage.feld("woher")}
    bestaetigt = bool(anfrage.feld("bestaetigt"))
    try:
        vorschau = nachtrag.probiere(
            anfrage.betrieb,
            zeile.id,
            _angaben(eingabe["text"]),
            wer=anfrage.person.name,
            woher=eingabe["woher"],
            bestaetigt=bestaetigt,
        )
        if anfrage.feld("uebernehmen"):
            _pruefe_lauf(anfrage, vorschau)
            nachtrag.uebernimm(anfrage.betrieb, vorschau)
            return anfrage.weiter(f"/vorgang/{zeile.id}", "ergaenzt")
    except FachwerkError as fehler:
        inhalt, text = _inhalt(anfrage, zeile), f"{fehler.hint} [{fehler.code}]"
        return _formular(anfrage, zeile, inhalt, status=409, fehler=text, bestaetigt=bestaetigt, **eingabe)
    fallinhalt.vermerke_einsicht(anfrage.betrieb.store, zeile.id, anfrage.person.name, "ergaenzen")
    aenderungen = [
        {"art": art(eine), "aenderung": eine, "vorher": wort(eine.vorher), "nachher": wort(eine.nachher) or "unbekannt"}
        for eine in vorschau.antrag.ergaenzungen[-1].aenderungen
    ]
    titel = f"Ergänzung zu {zeile.id[:12]} prüfen"
    werte = {"fall": zeile, "vorschau": vorschau, "aenderungen": aenderungen, "bestaetigt": bestaetigt, **eingabe}
    return anfrage.seite("ergaenzung.html", titel, **werte)


def art(aenderung: Aenderung) -> str:
    """What a supplement does to a fact."""
    if aenderung.vorher == aenderung.nachher:
        return "bestätigt"
    if aenderung.nachher is None:
        return "gestrichen"
    return "neu" if aenderung.vorher is None else "ersetzt"


def wort(wert: Any) -> str:
    """A value of the case file for people; nothing is empty."""
    if isinstance(wert, bool):
        return "ja" if wert else "nein"
    if isinstance(wert, Mapping):
        return ", ".join(f"{name}: {wort(unten)}" for name, unten in wert.items()) or "keine"
    if isinstance(wert, list | tuple):
        return "; ".join(map(wort, wert)) or "keine"
    return "" if wert is None else str(wert)


def geruest(inhalt: Fallinhalt) -> str:
    """The text the form begins with: what is open and who belongs to the household, all as comments."""
    offen = inhalt.entscheidung.offen if inhalt.entscheidung else ()
    zeilen = [*_KOPF, "#"]
    zeilen += [f"# offen: {_punkt(p)}" for p in offen]
    namen = _namen((inhalt.antrag.fall if inhalt.antrag else None) or {})
    if namen:
        zeilen += ["#", "# haushalt:", *(f"#   - name: {_eine_zeile(name)}\n#     " for name in namen)]
    return "\n".join(zeilen) + "\n\n"


def _punkt(punkt: OffenerPunkt) -> str:
    """Who, what and where it says so; most texts begin with the person."""
    wer = "" if punkt.text.startswith(punkt.person) else punkt.person
    return _eine_zeile(" – ".join(teil for teil in (wer, punkt.text, punkt.fundstelle) if teil))


def _namen(fallakte: Mapping[str, Any]) -> list[str]:
    """Who belongs to the household, as far as the case file says so."""
    mitglieder = fallakte.get(HAUSHALT)
    if not isinstance(mitglieder, list | tuple):
        return []
    return [str(eines["name"]) for eines in mitglieder if isinstance(eines, Mapping) and eines.get("name")]


def _eine_zeile(text: str) -> str:
    return " ".join(text.split())


def _angaben(text: str) -> dict[str, Any]:
    """Nothing but comments is nothing, which is enough for a confirmation."""
    if all(not zeile.strip() or zeile.lstrip().startswith("#") for zeile in text.splitlines()):
        return {}
    return nachtrag.lies_angaben(text.encode())


def _pruefe_lauf(anfrage: Anfrage, vorschau: nachtrag.Vorschau) -> None:
    """What was shown is what is taken: the case may have gone on while somebody looked at the preview."""
    if anfrage.feld("lauf") != str(vorschau.lauf):
        text = "Der Vorgang hat sich inzwischen geändert. Bitte noch einmal ansehen."
        raise nein("zwischendurch_geaendert", text)


def _formular(anfrage: Anfrage, zeile: Any, inhalt: Fallinhalt, *, status: int = 200, **werte: Any) -> Response:
    gelesen = grundlage(anfrage.betrieb, zeile.id)
    fallakte = json.loads(json.dumps(gelesen[0].fall or {}, default=str)) if gelesen else {}
    werte |= {
        "offen": inhalt.entscheidung.offen if inhalt.entscheidung else (),
        "fallakte": yaml.safe_dump(fallakte, allow_unicode=True, sort_keys=False, width=_BREITE) if fallakte else "",
    }
    titel = f"Vorgang {zeile.id[:12]} ergänzen"
    return anfrage.seite("ergaenzen.html", titel, status, fall=zeile, **{"fehler": ""} | werte)


def _inhalt(anfrage: Anfrage, zeile: Any) -> Fallinhalt:
    store = anfrage.betrieb.store
    fallinhalt.vermerke_einsicht(store, zeile.id, anfrage.person.name, "ergaenzen")
    return fallinhalt.lies(store, zeile.id)


ROUTEN = [
    Route("/vorgang/{id}/ergaenzen", geschuetzt(zeige, Recht.BEARBEITEN), methods=["GET"]),
    Route("/vorgang/{id}/ergaenzen", geschuetzt(pruefe_und_uebernimm, Recht.BEARBEITEN), methods=["POST"]),
]
