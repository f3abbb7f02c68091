"""What the commands of ``fachwerk wbs`` share: days as options, mistakes of the user, one JSON document."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click

from fachwerk.errors import FachwerkError
from fachwerk_wbs.fall import Fall, lies_fall

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


def lies_falldatei(datei: Path) -> Fall:
    """The case in ``datei``; what is wrong with it is a mistake of the user."""
    try:
        return lies_fall(datei.read_text(encoding="utf-8"), datei.name)
    except UnicodeDecodeError:
        raise Bedienfehler(f"{datei.name} ist kein Text in UTF-8.") from None
    except OSError as fehler:
        raise Bedienfehler(f"{datei.name} lässt sich nicht lesen: {fehler.strerror}.") from None
    except FachwerkError as fehler:
        raise Bedienfehler(fehler.hint) from None
