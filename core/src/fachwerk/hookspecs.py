"""The contract between the core and its plugins, hooks in the order of the line.

*Addressed* hooks are called on exactly one plugin, which the core resolves from manifest and configuration.
*Collected* hooks are called on all; the answers are merged independent of their order. Pure hooks get no
``host`` and so reach neither clock nor network nor secrets. A plugin is a module of functions marked with
:data:`hookimpl`; it is found through the entry-point group ``fachwerk``. A misspelt hook or argument stops the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import pluggy

from fachwerk.modell import (
    Antrag,
    Befund,
    Eingang,
    Entscheidung,
    Kanal,
    Manifest,
    Quittung,
    Sendung,
    Votum,
    Ziel,
)

if TYPE_CHECKING:
    import click

    from fachwerk.host import Host

hookspec = pluggy.HookspecMarker("fachwerk")
hookimpl = pluggy.HookimplMarker("fachwerk")


@hookspec
def manifest() -> Manifest:
    """Say what the plugin is: kinds, formats, scope, capabilities, settings. Pure, asked once, mandatory."""
    raise AssertionError("a specification is never called")


@hookspec(firstresult=True)
def receive(kanal: Kanal, host: Host) -> Iterator[Eingang]:
    """Yield the messages waiting in ``kanal``, each with its content streamed into ``host.inhalt``.

    Addressed. The core commits and acknowledges each Eingang before it asks for the next. Raise
    ``RetryableError`` when the mailbox cannot be reached; one bad message must not hide the others.
    """
    raise AssertionError("a specification is never called")


@hookspec(firstresult=True)
def acknowledge(kanal: Kanal, eingang: Eingang, host: Host) -> None:
    """Tell the mailbox that ``eingang`` is durably stored (XTA: close). Addressed, only after commit, repeatable."""


@hookspec(firstresult=True)
def list_waiting(kanal: Kanal, host: Host) -> list[str]:
    """Ids (``Eingang.nachricht_id``) of what lies in the mailbox now; changes nothing. Addressed, optional."""
    raise AssertionError("a specification is never called")


@hookspec(firstresult=True)
def map(eingang: Eingang) -> Antrag:  # noqa: A001  the name is the design's; implement with specname="map"
    """Understand a message. Addressed by format, pure. Raise ``NeedsHumanError`` for what nobody may guess."""
    raise AssertionError("a specification is never called")


@hookspec
def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
    """Report facts about the application. Collected, pure."""
    raise AssertionError("a specification is never called")


@hookspec
def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
    """Recommend, with reasons. Collected from the plugins whose scope covers ``antrag``, pure; None: no opinion."""
    raise AssertionError("a specification is never called")


@hookspec(firstresult=True)
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """Make what will be handed over. Addressed by Ziel, pure and deterministic; stored before it is sent."""
    raise AssertionError("a specification is never called")


@hookspec(firstresult=True)
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Hand over. Addressed. ``schluessel`` (vorgang:ziel:fassung) is the same on every attempt.

    Raise ``RetryableError`` only if nothing was handed over, ``OutcomeUnknownError`` if it may have been.
    """
    raise AssertionError("a specification is never called")


@hookspec(firstresult=True)
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """Ask the target whether ``schluessel`` arrived; None: certainly not. Addressed, optional."""


@hookspec(firstresult=True)
def forget(ziel: Ziel, schluessel: str, host: Host) -> None:
    """Delete what lies there under ``schluessel`` and bears this plugin's own mark; nothing else, nothing foreign.

    Addressed, optional, repeatable: asked after ``aufbewahren_tage`` of the Ziel, and only for finished cases. Raise
    ``RetryableError`` where it cannot be reached or not be deleted now; what was never there is no error.
    """


@hookspec(firstresult=True)
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Preflight of one configured Kanal or Ziel: reachable, permitted, writable, certificates valid. Addressed."""
    raise AssertionError("a specification is never called")


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands below ``fachwerk x <plugin>``, or below the word the manifest claims with ``gruppe``."""


@hookspec
def on_step(vorgang_id: str, schritt: str) -> None:
    """Told after each committed step; failures are logged only."""
