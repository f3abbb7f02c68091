"""``[anbindung]``: what the letters of ``fachwerk anbindung`` need (design, section 12)."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fachwerk.katalog import leistung as im_katalog

_MAIL = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+", re.ASCII)


def _katalogwort(text: str) -> str:
    if (eintrag := im_katalog(text)) is None:
        raise ValueError("Diese Leistung steht nicht im Katalog („fachwerk leistungen list“ zeigt ihn).")
    return eintrag.wort


def _mail(text: str) -> str:
    if text and not _MAIL.fullmatch(text.strip()):
        raise ValueError("Das ist keine einzelne Mail-Adresse (name@stelle.example).")
    return text.strip()


class AnbindungAngaben(BaseModel):
    """What a letter needs; empty is not filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zustaendige_stelle: str = ""
    kontakt: str = ""
    signatur: str = ""
    ab: date | None = None
    mik_mail: Annotated[str, AfterValidator(_mail)] = ""


class AnbindungEinstellungen(AnbindungAngaben):
    """``[anbindung]``: for all services, and ``[anbindung.leistung.WORT]`` where it differs for one of them."""

    leistung: dict[Annotated[str, AfterValidator(_katalogwort)], AnbindungAngaben] = Field(default_factory=dict)

    def fuer(self, wort: str) -> AnbindungAngaben:
        """What holds for one service: its own keys before the common ones."""
        gemeinsam = {name: getattr(self, name) for name in AnbindungAngaben.model_fields}
        eigene = self.leistung.get(wort, AnbindungAngaben())
        return AnbindungAngaben(**gemeinsam | {name: getattr(eigene, name) for name in eigene.model_fields_set})
