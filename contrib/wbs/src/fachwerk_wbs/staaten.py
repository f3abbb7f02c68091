"""Citizenship as a condition: German, EU, or from elsewhere."""

from __future__ import annotations

from fachwerk_wbs.bedingungen import Wahr
from fachwerk_wbs.fall import Fall

DEUTSCH = frozenset({"000", "de", "deu", "deutsch", "deutschland"})
EU = frozenset(
    "at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk".split()  # noqa: SIM905
)


def ist_eu(staaten: tuple[str, ...] | None) -> Wahr:
    """German or EU citizen: True; another ISO country: False; absent or a key not decoded here: None."""
    if not staaten:
        return None
    codes = {staat.strip().lower() for staat in staaten}
    if codes & (DEUTSCH | EU):
        return True
    return False if all(len(code) == 2 and code.isalpha() for code in codes) else None


def staaten_von(fall: Fall) -> tuple[str, ...] | None:
    """Citizenship of the applicant, wherever the case states it."""
    return fall.antragsteller.staatsangehoerigkeit or fall.staatsangehoerigkeit
