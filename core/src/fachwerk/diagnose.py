"""What is wrong with a Kanal or Ziel, in the words of its own preflight, so that alarm and ``check`` tell the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from fachwerk.errors import ContractError, FachwerkError
from fachwerk.modell import Befund, Kanal, Schwere, Ziel

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.diagnose")


@dataclass(frozen=True)
class Diagnose:
    """A stable code and a German text for the operator; no personal data."""

    code: str
    hinweis: str


def erklaere(betrieb: Betrieb, stelle: Kanal | Ziel, fehler: FachwerkError) -> Diagnose:
    """What the preflight finds, else what the error itself says."""
    gefunden = stelle_fest(betrieb, stelle, [Schwere.SPERRE, Schwere.FEHLER])
    return gefunden or Diagnose(fehler.code, fehler.hint)


def stelle_fest(betrieb: Betrieb, stelle: Kanal | Ziel, schweren: Sequence[Schwere]) -> Diagnose | None:
    """What the preflight finds of the first of ``schweren`` that it finds anything of; None: nothing."""
    wirt = betrieb.wirt(stelle.plugin)
    try:
        befunde: list[Befund] = betrieb.plugins.rufe(stelle.plugin, "check", kanal_oder_ziel=stelle, host=wirt)
    except ContractError as fehler:  # a broken check must not keep a working route closed
        log.warning("check_gescheitert", stelle=stelle.name, code=fehler.code)
        return None
    except FachwerkError as fehler:
        return Diagnose(fehler.code, fehler.hint)
    for schwere in schweren:
        if gefunden := [befund for befund in befunde if befund.schwere is schwere]:
            return Diagnose(gefunden[0].code, " ".join(befund.text for befund in gefunden))
    return None
