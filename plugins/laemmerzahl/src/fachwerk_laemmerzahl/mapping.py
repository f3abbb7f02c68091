"""Which layout a hand-over to Lämmerzahl has. What LÄMMkom reads is not public: the shipped one is a starting point."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path

from fachwerk_comvibilia.profil import Profil, aus_text, lade

MITGELIEFERT = "laemmerzahl"


def layout(angabe: str, ordner: Path) -> Profil:
    """The profile ``angabe`` names, empty: the one shipped here. Raises ``ConfigError``."""
    return _mitgeliefertes() if angabe in ("", MITGELIEFERT) else lade(angabe, ordner)


@lru_cache(maxsize=1)
def _mitgeliefertes() -> Profil:
    datei = resources.files("fachwerk_laemmerzahl") / "profile" / f"{MITGELIEFERT}.yaml"
    return aus_text(datei.read_text(encoding="utf-8"), MITGELIEFERT)
