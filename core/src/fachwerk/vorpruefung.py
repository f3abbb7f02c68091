"""The preflight behind ``fachwerk check``: every problem at once, each with its place and what to do.

It goes on after an error as far as it can: one wrong Kanal does not hide the expired certificate of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.aufbau import Aufbau, aufbau_soweit
from fachwerk.errors import ConfigError, FachwerkError
from fachwerk.modell import Befund, Kanal, Schwere, Ziel
from fachwerk.plugins import Plugins, lade_soweit, wirkende
from fachwerk.routen import ALLE
from fachwerk.settings import Einstellungen, plugins_der_konfiguration, secret
from fachwerk.settings import lade_soweit as lade_einstellungen_soweit

if TYPE_CHECKING:
    from fachwerk.wirt import Wirt

GLEICHZEITIG = 8
"""Kanäle and Ziele asked at the same time."""

FEHLER = frozenset({Schwere.FEHLER, Schwere.SPERRE})
"""Severities that are errors of a preflight."""


@dataclass(frozen=True)
class Meldung:
    """One finding; ``ort`` is the configuration key, the variable or the file it is about."""

    code: str
    schwere: Schwere
    text: str
    ort: str = ""


def pruefe(konfig: Path | None, umgebung: Mapping[str, str] | None = None) -> list[Meldung]:
    """All findings, errors first; nothing is changed and nothing is created."""
    from fachwerk.anbindung.frist import heute
    from fachwerk.routenstand import ueberlagere
    from fachwerk.vorpruefung_routen import gespeichert, routenmeldungen
    from fachwerk.vorpruefung_umfeld import umfeld

    einstellungen, fehler = lade_einstellungen_soweit(konfig, umgebung)
    if ungelesen := [problem for problem in fehler if problem.code in ("datei_toml", "datei_unlesbar")]:
        return [_aus_fehler(problem) for problem in ungelesen]  # what stands in the file would be missing in vain
    plugins, weitere = lade_soweit(plugins_der_konfiguration(einstellungen))
    bau, uebrige = aufbau_soweit(einstellungen, plugins)
    meldungen = [_aus_fehler(problem) for problem in [*fehler, *uebrige]]
    meldungen += [_aus_fehler(problem, _ort_des_plugins(einstellungen, problem)) for problem in weitere]
    meldungen += _ausgelassene(einstellungen, plugins)
    stand, tag = gespeichert(einstellungen), heute()
    meldungen += routenmeldungen(bau.routen, bau.kanaele, set(einstellungen.ziel), stand, tag)
    bau = replace(bau, routen=ueberlagere(bau.routen, stand.staende, tag))
    meldungen += [*_linie(einstellungen, bau), *_alarm(einstellungen, umgebung), *umfeld(einstellungen)]
    meldungen += _gegenstellen(einstellungen, plugins, bau, umgebung)
    return sorted(meldungen, key=lambda meldung: (-_RANG[meldung.schwere], meldung.ort, meldung.code, meldung.text))


def ausgang(meldungen: list[Meldung]) -> int:
    """Exit code: 0 fine, 1 warnings, 3 errors."""
    schweren = {meldung.schwere for meldung in meldungen}
    return 3 if schweren & FEHLER else 1 if Schwere.WARNUNG in schweren else 0


_RANG = {schwere: rang for rang, schwere in enumerate(Schwere)}


def _aus_fehler(fehler: FachwerkError, ort: str = "") -> Meldung:
    angaben = fehler.details
    gefunden = angaben.get("schluessel") or angaben.get("umgebung") or angaben.get("datei") or ""
    return Meldung(fehler.code, Schwere.FEHLER, fehler.hint, ort or gefunden)


def _ort_des_plugins(einstellungen: Einstellungen, problem: ConfigError) -> str:
    """The first key that names the plugin a problem is about."""
    name = problem.details.get("plugin", "")
    orte = [f"kanal.{kanal}.plugin" for kanal, abschnitt in einstellungen.kanal.items() if abschnitt.plugin == name]
    orte += [f"ziel.{ziel}.plugin" for ziel, abschnitt in einstellungen.ziel.items() if abschnitt.plugin == name]
    orte += [f"format.{name}"] if name in einstellungen.format else []
    return next(iter([*orte, "fachwerk.plugins"]))


def _warnung(code: str, text: str, ort: str) -> Meldung:
    return Meldung(code, Schwere.WARNUNG, text, ort)


def _hinweis(code: str, text: str, ort: str) -> Meldung:
    return Meldung(code, Schwere.HINWEIS, text, ort)


def _ausgelassene(einstellungen: Einstellungen, plugins: Plugins) -> list[Meldung]:
    """Formats and rules that nobody named and that do not work."""
    namen = wirkende() - set(plugins.namen) - plugins_der_konfiguration(einstellungen)
    text = "Das installierte Plugin „{}“ ist untauglich und bleibt ungenutzt; „fachwerk plugins list“ sagt, warum."
    return [_warnung("plugin_ausgelassen", text.format(name), "plugins") for name in sorted(namen)]


def _linie(einstellungen: Einstellungen, bau: Aufbau) -> Iterator[Meldung]:
    """What is legal in the configuration, but hardly meant."""
    if not einstellungen.kanal:
        yield _warnung(
            "kanal_keiner", "Es gibt keinen Kanal: Es wird nichts abgerufen. [kanal.NAME] ergänzen.", "kanal"
        )
    if not einstellungen.route:
        text = "Es gibt keine Route: Jeder Antrag würde gehalten. Mindestens eine [[route]] ergänzen."
        yield _warnung("route_keine", text, "route")
    if not einstellungen.klaerung.ziel:
        text = (
            "Was für die Sachbearbeitung gehalten wird, sieht nur der Betrieb; Sozialhilfe setzt aber mit dem "
            "Bekanntwerden ein (SGB XII § 18). [klaerung].ziel nennen."
        )
        yield _warnung("klaerung_kein_ziel", text, "klaerung.ziel")
    yield from _unbenutzte(einstellungen, bau)


def _unbenutzte(einstellungen: Einstellungen, bau: Aufbau) -> Iterator[Meldung]:
    benutzt = {ziel for route in bau.routen for ziel in route.ziele} | {einstellungen.klaerung.ziel}
    for name in sorted(set(einstellungen.ziel) - benutzt):
        yield _hinweis("ziel_unbenutzt", f"Keine Route führt zum Ziel „{name}“.", f"ziel.{name}")
    genannt = {route.kanal for route in bau.routen if route.im_dienst}
    for name, kanal in einstellungen.kanal.items():
        if bau.routen and "" not in genannt and name not in genannt:
            text = f"Für den Kanal „{name}“ gibt es keine Route: Seine Nachrichten würden gehalten."
            yield _warnung("kanal_ohne_route", text, f"kanal.{name}")
        if kanal.leistung == ALLE:
            text = "Der Kanal braucht ein Wort des Katalogs, nicht „*“."
            yield Meldung("leistung_unbekannt", Schwere.FEHLER, text, f"kanal.{name}.leistung")


def _alarm(einstellungen: Einstellungen, umgebung: Mapping[str, str] | None) -> Iterator[Meldung]:
    alarm = einstellungen.alarm
    if not (alarm.mail or alarm.webhook):
        text = "Von Alarmen erfährt niemand von selbst: mail und smtp oder webhook nennen, oder check überwachen."
        yield _warnung("alarm_keiner", text, "alarm")
    if alarm.mail and not alarm.smtp:
        yield Meldung("alarm_smtp", Schwere.FEHLER, "Zum Versand fehlt der Mailserver (HOST:PORT).", "alarm.smtp")
    geheimnisse = {"alarm.smtp_kennwort": alarm.smtp_kennwort, "alarm.webhook_geheimnis": alarm.webhook_geheimnis}
    geheimnisse["konsole.metriken_schluessel"] = einstellungen.konsole.metriken_schluessel
    for ort, verweis in geheimnisse.items():
        try:
            if verweis:
                secret(verweis, einstellungen.ordner, umgebung)
        except ConfigError as fehler:
            yield _aus_fehler(fehler, ort)


def _gegenstellen(
    einstellungen: Einstellungen, plugins: Plugins, bau: Aufbau, umgebung: Mapping[str, str] | None
) -> list[Meldung]:
    """Ask the plugin of every Kanal and Ziel; they may need the network, so several at a time."""
    from fachwerk.wirt import Wirt

    orte: list[tuple[str, Kanal | Ziel]] = [(f"kanal.{name}", kanal) for name, kanal in bau.kanaele.items()]
    orte += [(f"ziel.{name}", ziel) for name, ziel in bau.ziele.items()]
    wirt = Wirt("check", einstellungen.ordner, umgebung=umgebung)
    try:
        with ThreadPoolExecutor(GLEICHZEITIG) as faeden:
            ergebnisse = faeden.map(lambda eintrag: _frage(plugins, eintrag[0], eintrag[1], wirt), orte)
            return [meldung for ergebnis in ergebnisse for meldung in ergebnis]
    finally:
        wirt.schliesse()


def _frage(plugins: Plugins, ort: str, stelle: Kanal | Ziel, wirt: Wirt) -> list[Meldung]:
    try:
        befunde: list[Befund] = plugins.rufe(stelle.plugin, "check", kanal_oder_ziel=stelle, host=wirt)
    except FachwerkError as fehler:
        return [_aus_fehler(fehler, ort)]
    return [
        Meldung(befund.code, befund.schwere, befund.text, f"{ort}.{befund.pfad}" if befund.pfad else ort)
        for befund in befunde
    ]
