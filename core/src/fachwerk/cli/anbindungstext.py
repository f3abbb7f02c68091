"""What ``fachwerk anbindung`` tells people."""

from __future__ import annotations

from datetime import date
from typing import Any

UNBEKANNT = "unbekannt"


def interesse_text(ergebnis: dict[str, Any]) -> str:
    """What was written, and what comes next."""
    wort = ergebnis["leistung"]
    return "\n".join(
        [
            *_dateien(ergebnis),
            f"Empfänger: {ergebnis['an']}. Gesendet ist noch nichts; die .eml-Datei öffnet sich im Mailprogramm als",
            "Entwurf. Mit dem Schreiben akzeptieren Sie die Nachnutzungsbedingungen: bitte vorher lesen.",
            f"Nach dem Versand: fachwerk anbindung vermerke gesendet --leistung {wort}",
        ]
    )


def abmelde_text(ergebnis: dict[str, Any]) -> str:
    """The letters, the last day, the state of the Route, the duties."""
    zeilen = [*_dateien(ergebnis), f"Empfänger: {ergebnis['an']}. Gesendet ist noch nichts."]
    if ergebnis["frist"]:
        zugang, ende = _tag(ergebnis["beginn"]), _tag(ergebnis["bis"])
        zeilen.append(f"Frist: {ergebnis['frist']}. Bei Zugang am {zugang} ist der letzte Tag der {ende}.")
    else:
        zeilen.append(f"Dauer: {_tag(ergebnis['beginn'])} bis {_tag(ergebnis['bis'])}; eine Frist gibt es nicht.")
    zeilen += [
        "",
        "Pflichten:",
        *(f"  {nr}. {p['text']}{_herkunft(p)}" for nr, p in enumerate(ergebnis["pflichten"], 1)),
    ]
    if route := ergebnis.get("route"):
        zeilen += ["", *_route(route), *_sofort(ergebnis, route)]
    return "\n".join(zeilen)


def _sofort(ergebnis: dict[str, Any], route: dict[str, Any]) -> list[str]:
    """A leave that holds from now on, months before the use ends, may not be what somebody meant."""
    if route["zustand"] != "austritt" or route["ab"]:
        return []
    return [
        f"ACHTUNG: Die Nutzung endet erst am {_tag(ergebnis['bis'])}, gehalten wird aber ab sofort. Sollen Anträge bis",
        "zur Entkoppelung weiter zugestellt werden: den Befehl mit --zustellen-bis JJJJ-MM-TT --ersetzen wiederholen.",
    ]


def zustand_text(ergebnis: dict[str, Any]) -> str:
    """The state of the Route, and what waits for it."""
    zeilen = _route(ergebnis["route"])
    if ergebnis["nachgeholt"]:
        zeilen.append(f"{ergebnis['nachgeholt']} gehaltene Vorgänge laufen weiter, sobald der Dienst läuft.")
    elif ergebnis["gehalten"]:
        zeilen.append(
            f"Wegen einer ruhenden Route gehalten: {ergebnis['gehalten']}. --nachholen lässt sie weiterlaufen."
        )
    return "\n".join(zeilen)


_WIRKUNG = {
    "geplant": "nimmt nichts an.",
    "test": "nimmt nur Testnachrichten an; echte Anträge werden gehalten.",
    "live": "stellt zu.",
    "pausiert": "hält: Anträge werden abgerufen und gespeichert, aber nicht zugestellt.",
    "austritt": "hält: Anträge werden abgerufen und gespeichert, aber nicht zugestellt.",
    "beendet": "nimmt nichts mehr an; was noch kommt, wird gehalten.",
    "konfiguriert": "verhält sich wieder, wie es in fachwerk.toml steht.",
}


def _route(route: dict[str, Any]) -> list[str]:
    ab = f"ab {_tag(route['ab'])}" if route["ab"] else "ab sofort"
    bis = f", bis {_tag(route['bis'])} (danach wird nur erinnert)" if route["bis"] else ""
    wirkung = _WIRKUNG[route["zustand"]]
    return [f"Route {route['nummer']} ({route['route']}): {ab} „{route['zustand']}“{bis}. Sie {wirkung}"]


def status_zeile(zeile: dict[str, Any]) -> tuple[str, ...]:
    """A service for the table of a person."""
    am = zeile["stufen"].get(zeile["stufe"], UNBEKANNT)
    stufe = zeile["stufe"] if am == UNBEKANNT else f"{zeile['stufe']} ({_tag(am)})"
    routen = ", ".join(map(_kurz, zeile["routen"])) or "keine"
    return zeile["wort"], stufe, routen, _bekanntes(zeile)


def _bekanntes(zeile: dict[str, Any]) -> str:
    """What the sources say of a service; one that no source describes is unknown as a whole."""
    werte = {
        "X-Standard": zeile["x_standard"],
        "Transport": zeile["transport"],
        "verfügbar seit": zeile["verfuegbar_seit"],
        "Pilot": _liste(zeile["pilotkommunen"]),
        "anschlussfähige Fachverfahren": _liste(zeile["fachverfahren"]),
    }
    if set(werte.values()) == {UNBEKANNT}:
        return UNBEKANNT
    return "; ".join(f"{name}: {wert}" for name, wert in werte.items())


def _kurz(route: dict[str, Any]) -> str:
    stern = "über „*“: " if route["route"].startswith("*") else ""
    bis = f" bis {_tag(route['bis'])}" if route["bis"] else ""
    befehl = " (Befehl)" if route["gesetzt"] == "befehl" else ""
    danach = f", ab {_tag(route['danach']['ab'])} {route['danach']['zustand']}" if route["danach"] else ""
    return f"{stern}{route['zustand']}{bis}{befehl}{danach}"


def _liste(werte: list[str] | str) -> str:
    return werte if isinstance(werte, str) else ", ".join(werte) or "keine"


def _dateien(ergebnis: dict[str, Any]) -> list[str]:
    return [f"Geschrieben: {datei}" for datei in ergebnis["dateien"]] + (
        [ergebnis["hinweis"]] if ergebnis["hinweis"] else []
    )


def _herkunft(pflicht: dict[str, Any]) -> str:
    return "" if pflicht["quelle"] == "Merkblatt" else " (nicht aus dem Merkblatt)"


def _tag(text: str) -> str:
    return f"{date.fromisoformat(text):%d.%m.%Y}"
