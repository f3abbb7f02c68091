"""The command ``fachwerk``: a group that loads a command only when it is used, so that help is instant.

Every module of a command exports ``befehl`` and imports what is heavy inside its functions. The context object is
the path of the configuration, or None if only the environment describes the site.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fachwerk import __version__
from fachwerk.cli.deutsch import beschrifte
from fachwerk.cli.deutsch import einrichten as deutsch_einrichten

if TYPE_CHECKING:
    from fachwerk.errors import FachwerkError

BEFEHLE: Mapping[str, str] = {
    "init": "Legt fachwerk.toml und den Hauptschlüssel an.",
    "check": "Prüft Konfiguration, Plugins, Verbindungen, Ordner und Datenbank.",
    "run": "Startet den Dienst: abrufen, bearbeiten, zustellen.",
    "poll": "Ruft die Postfächer einmal ab und arbeitet, bis nichts mehr fällig ist.",
    "vorgang": "Vorgänge ansehen und wieder in Gang bringen.",
    "kanal": "Kanäle ansehen, anhalten und fortsetzen.",
    "ziel": "Ziele ansehen, anhalten und fortsetzen.",
    "alarm": "Offene Alarme zeigen, und den Versand ausprobieren.",
    "konto": "Konten der Konsole anlegen, zeigen und entfernen.",
    "plugins": "Zeigt die installierten Plugins.",
    "leistungen": "Zeigt den Leistungskatalog.",
    "anbindung": "Schreiben, Fristen und Stand der Anbindungen; Zustand der Routen.",
    "new": "Legt ein neues Plugin aus einer Vorlage an.",
    "konformitaet": "Prüft ein Plugin gegen den Vertrag und schreibt das Konformitätsblatt.",
    "bilanz": "Vergleicht, was an einem Tag kam, mit dem, was daraus wurde.",
    "audit": "Die Ereignisketten nachprüfen.",
    "backup": "Sichert die Datenbank im laufenden Betrieb.",
    "restore": "Stellt eine Sicherung wieder her und holt aus dem Spiegel, was danach kam.",
    "umzug": "Zieht von einer SQLite-Datei auf einen PostgreSQL-Server um.",
    "schluessel": "Den Hauptschlüssel im laufenden Betrieb wechseln.",
    "datenbank": "Stand der Datenbank ansehen und sie aktualisieren.",
    "demo": "Zeigt die ganze Linie an einem eingebetteten Postfach.",
    "chaos": "Probt einen schlechten Tag mit Störungen an einem eigenen Standort.",
    "x": "Befehle der Plugins, je Plugin eine Gruppe.",
}
"""The core's commands with one line each; the module ``fachwerk.cli.<name>`` holds the command."""

GEDULD_S = 2.0
"""So long a finished command waits for its threads."""

_UNBEDEUTEND = ("FACHWERK_KONFIG", "FACHWERK_LOG", "FACHWERK_TEST_")


class Befehle(click.Group):
    """Commands of the core and the words that plugins claim, none of them imported before it is used."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Speak German however the group is called: click keeps the first help text a command was asked for."""
        deutsch_einrichten()
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The core's commands in their order, then the claimed words."""
        return [*BEFEHLE, *(wort for wort in sorted(_worte()) if wort not in BEFEHLE)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command now; a word of the core cannot be claimed."""
        if cmd_name in BEFEHLE:
            modul = importlib.import_module(f"fachwerk.cli.{cmd_name}")
            befehl: click.Command = modul.befehl
            return beschrifte(befehl)
        if cmd_name in _worte():
            from fachwerk.cli.x import gruppe_des_wortes

            return beschrifte(gruppe_des_wortes(cmd_name))
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        zeilen = list(BEFEHLE.items())
        zeilen += [(wort, f"Befehle von {von}.") for wort, von in sorted(_worte().items()) if wort not in BEFEHLE]
        with formatter.section("Befehle"):
            formatter.write_dl(zeilen)


@click.group(cls=Befehle, options_metavar="[OPTIONEN]", subcommand_metavar="BEFEHL [ANGABEN]…")
@click.option(
    "--konfig",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="FACHWERK_KONFIG",
    metavar="PFAD",
    help="Konfiguration (Vorgabe: fachwerk.toml im aktuellen Ordner).",
)
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    envvar="FACHWERK_LOG",
    default="text",
    help="Form des Protokolls auf der Standardfehlerausgabe.",
)
@click.version_option(
    __version__, prog_name="fachwerk", message="%(prog)s, Version %(version)s", help="Zeigt die Version."
)
@click.pass_context
def befehle(ctx: click.Context, konfig: Path | None, log: str) -> None:
    """Bringt Online-Anträge aus den Postfächern geprüft, begründet und genau einmal in die Fachverfahren."""
    from fachwerk.protokoll import einrichten

    einrichten("json" if log == "json" else "text")
    ctx.obj = konfig or _vorgabe()
    if ctx.obj is not None:
        _nenne_konfiguration(ctx, ctx.obj)


def _nenne_konfiguration(ctx: click.Context, pfad: Path) -> None:
    """Let format plugins find what lies beside the configuration, for as long as the command runs."""
    vorher = os.environ.get("FACHWERK_KONFIG")
    os.environ["FACHWERK_KONFIG"] = str(pfad)

    def zurueck() -> None:
        os.environ.pop("FACHWERK_KONFIG")
        if vorher is not None:
            os.environ["FACHWERK_KONFIG"] = vorher

    ctx.call_on_close(zurueck)


def main() -> None:
    """Entry point of the console script."""
    code = starte(sys.argv[1:])
    _verlasse_haengende(code)
    raise SystemExit(code)


def _verlasse_haengende(code: int) -> None:
    """End the process if a thread does not: a target may hang, or the engine wait for a job another node took over."""
    ende = time.monotonic() + GEDULD_S
    for faden in threading.enumerate():
        if faden is not threading.main_thread() and _haelt_auf(faden):
            faden.join(max(ende - time.monotonic(), 0))
            if faden.is_alive():
                with suppress(OSError):
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(code)


def _haelt_auf(faden: threading.Thread) -> bool:
    """Whether Python waits for it at the end: also for daemons, if they are of an executor, such as the engine's."""
    vorraete = sys.modules.get("concurrent.futures.thread")
    return not faden.daemon or faden in getattr(vorraete, "_threads_queues", ())


def starte(argumente: Sequence[str]) -> int:
    """Run one command; expected errors become German sentences on stderr and an exit code.

    0 fine, 2 usage, 3 configuration or contract, 1 anything else, 130 interrupted.
    """
    try:
        ergebnis = befehle.main(args=list(argumente), prog_name="fachwerk", standalone_mode=False)
    except click.Abort:
        return _melde("Abgebrochen.", 130)
    except click.ClickException as fehler:
        return _bedienfehler(fehler)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as fehler:
        return _fehler(fehler)
    return ergebnis if isinstance(ergebnis, int) else 0


def _worte() -> dict[str, str]:
    """Top-level words that installed plugins claim, with the distributions that do (read from no metadata file)."""
    from importlib import metadata

    worte: dict[str, set[str]] = {}
    for punkt in metadata.entry_points(group="fachwerk.gruppe"):
        worte.setdefault(punkt.name, set()).add(punkt.value.replace("_", "-"))
    return {wort: ", ".join(sorted(von)) for wort, von in worte.items()}


def _vorgabe() -> Path | None:
    """``fachwerk.toml`` here; None if there is no such file, but the environment describes the site."""
    from fachwerk.abschnitte import DATEI

    pfad = Path(DATEI)
    gesetzt = any(name.startswith("FACHWERK_") and not name.startswith(_UNBEDEUTEND) for name in os.environ)
    return None if gesetzt and not pfad.exists() else pfad


def _melde(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code


def _bedienfehler(fehler: click.ClickException) -> int:
    """What click itself reports, in the form it would."""
    if isinstance(fehler, click.exceptions.NoArgsIsHelpError):
        click.echo(fehler.ctx.get_help() if fehler.ctx else fehler.format_message(), err=True)
    else:
        fehler.show()
    return fehler.exit_code


def _fehler(fehler: Exception) -> int:
    from fachwerk.errors import ConfigError, ContractError, FachwerkError

    if isinstance(fehler, FachwerkError):
        return _melde(_als_liste(fehler), 3 if isinstance(fehler, (ConfigError, ContractError)) else 1)
    if type(fehler).__name__ == "WertZuNeu":
        text = (
            "Eine neuere Fassung von Fachwerk hat das geschrieben. Bitte den Befehl mit der neueren Fassung aufrufen."
        )
        return _melde(f"Fehler: {text} [wert_zu_neu]", 1)
    if _ist_stoerung(fehler):
        text = (
            "Die Datenbank ist nicht erreichbar oder brach mitten im Befehl ab. Bitte Adresse, Netz, Anmeldung und den "
            "Platz auf ihrem Datenträger prüfen, dann nachsehen, was schon getan ist, und noch einmal beginnen."
        )
        return _melde(f"Fehler: {text} [datenbank_nicht_erreichbar]", 3)
    if os.environ.get("FACHWERK_TEST_SPUR"):
        raise fehler
    spur = fehler.__traceback__
    while spur is not None and spur.tb_next is not None:
        spur = spur.tb_next
    stelle = f"{Path(spur.tb_frame.f_code.co_filename).name}:{spur.tb_lineno}" if spur else "unbekannt"
    return _melde(f"Unerwarteter Fehler: {type(fehler).__name__} in {stelle}. Bitte an die Entwicklung melden.", 1)


def _ist_stoerung(fehler: Exception) -> bool:
    """Whether the database failed; what never loaded it cannot have failed by it, and should not wait for it."""
    if "fachwerk.datenbank" not in sys.modules:
        return False
    from fachwerk.datenbank import STOERUNGEN

    return isinstance(fehler, STOERUNGEN)


def _als_liste(fehler: FachwerkError) -> str:
    from fachwerk.errors import ConfigErrors

    if isinstance(fehler, ConfigErrors) and len(fehler.probleme) > 1:
        zeilen = [f"  {problem.hint}" for problem in fehler.probleme]
        return "\n".join([f"Die Konfiguration hat {len(zeilen)} Fehler:", *zeilen])
    if isinstance(fehler, ConfigErrors):
        fehler = fehler.probleme[0]
    return f"Fehler: {fehler.hint} [{fehler.code}]"
