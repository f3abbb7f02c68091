"""Commands of plugins: below ``fachwerk x <plugin>``, or below a word that plugins claim."""

from __future__ import annotations

from importlib import metadata

import click

from fachwerk.cli.deutsch import beschrifte

GRUPPE_DER_WORTE = "fachwerk.gruppe"


class PluginGruppen(click.Group):
    """One group per plugin with commands and no word of its own; only the one that is used is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names with hyphens."""
        from fachwerk.plugins import installierte, lade_soweit

        plugins, _ = lade_soweit(nur=installierte())
        mit_befehlen = [name for name in plugins.namen if plugins.hat(name, "register_commands")]
        return [name.replace("_", "-") for name in mit_befehlen if not plugins.manifest(name).gruppe]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The commands of one plugin. Raises ``ConfigErrors`` if it is installed but broken."""
        from fachwerk.plugins import GRUPPE, lade

        name = cmd_name.replace("-", "_")
        if not metadata.entry_points(group=GRUPPE, name=name):
            return None
        plugins = lade({name}, nur={name})
        manifest = plugins.manifest(name)
        if manifest.gruppe or not plugins.hat(name, "register_commands"):
            return None
        gruppe = click.Group(cmd_name, help=manifest.titel or f"Befehle von {name}.")
        plugins.rufe(name, "register_commands", cli=gruppe)
        return beschrifte(gruppe)


@click.group("x", cls=PluginGruppen)
def befehl() -> None:
    """Befehle der Plugins, je Plugin eine Gruppe."""


def gruppe_des_wortes(wort: str) -> click.Group:
    """The group of a claimed word, with the commands of every plugin that adds to it."""
    gruppe = click.Group(wort)
    von: set[str] = set()
    for punkt in sorted(metadata.entry_points(group=GRUPPE_DER_WORTE, name=wort), key=lambda punkt: punkt.value):
        _fuege_hinzu(punkt, gruppe)
        von.add(punkt.value.replace("_", "-"))
    gruppe.help = f"Befehle von {', '.join(sorted(von))}."
    return gruppe


def _fuege_hinzu(punkt: metadata.EntryPoint, gruppe: click.Group) -> None:
    from fachwerk.errors import ConfigError

    try:
        punkt.load().register_commands(cli=gruppe)
    except (ImportError, AttributeError, TypeError) as fehler:
        art = type(fehler).__name__
        text = f"Die Befehle „{gruppe.name}“ des Plugins {punkt.value} lassen sich nicht laden ({art}: {fehler})."
        raise ConfigError("befehl_import", f"{text} Die Installation prüfen.", schluessel="plugins") from None
