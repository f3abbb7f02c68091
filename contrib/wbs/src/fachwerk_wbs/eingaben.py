"""What the commands of ``fachwerk wbs`` share: days as options, mistakes of the user, one JSON document."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import click

ALS_JSON = click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument ausgeben und sonst nichts.")


class Tag(click.ParamType[date]):
    """A calendar day, JJJJ-MM-TT."""

    name = "JJJJ-MM-TT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the day; anything else is a usage error."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail("erwartet wird ein Tag wie 2025-03-01", param, ctx)


class Bedienfehler(click.ClickException):
    """What the user gave cannot be used: exit code 2, as for any other mistake in the call."""

    exit_code = 2


def drucke_json(wert: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(wert, ensure_ascii=False, indent=2))
