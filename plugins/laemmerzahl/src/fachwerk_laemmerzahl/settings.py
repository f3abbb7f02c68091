"""Keys of a Ziel with ``plugin = "laemmerzahl"``, and the refusal of every way but COM Vibilia."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from fachwerk.errors import ConfigError
from fachwerk.modell import Stufe
from fachwerk_comvibilia.profil import Profil
from fachwerk_comvibilia.settings import Zieleinstellungen as Ordnerweg
from fachwerk_laemmerzahl.mapping import layout

if TYPE_CHECKING:
    from fachwerk.aufbau import Umfeld

WEG = "comvibilia"
_GRUND = "Lämmerzahl ist nur über COM Vibilia anschließbar"


class Zieleinstellungen(BaseModel):
    """``ueber`` names a Kanal or a Ziel with ``plugin = "comvibilia"``.

    Through a Kanal: the cases came by COM Vibilia, and ``verzeichnis`` is the folder LÄMMkom reads. Through a Ziel: COM
    Vibilia will carry them, in that Ziel's folder and layout. ``profil`` replaces the layout in either case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ueber: str = Field(min_length=1, max_length=200)
    verzeichnis: str = Field(default="", max_length=400)
    profil: str = Field(default="", max_length=400)
    quittungen: str = Field(default="", max_length=400)
    auch_suchen: tuple[str, ...] = Field(default=(), max_length=20)
    arbeitsverzeichnis: str = Field(default="", max_length=400)
    ankerdatei: str = Field(default="", max_length=200, pattern=r"^[^/\\]*$")
    alarm_minuten: int = Field(default=60, ge=1, le=100_000)

    _weg: Ordnerweg | None = PrivateAttr(default=None)
    _ziel_layout: str = PrivateAttr(default="")

    @property
    def weg(self) -> Ordnerweg:
        """The folders of the hand-over. Raises ``ConfigError`` where nobody checked the way."""
        if self._weg is None:
            text = f"{_GRUND}; dieses Ziel wurde nicht zusammen mit „ueber“ geprüft. Bitte „fachwerk check“ ausführen."
            raise ConfigError("laemmerzahl.ohne_weg", text, schluessel="ueber")
        return self._weg

    def layout(self, ordner: Path) -> Profil:
        """The layout of the hand-over: the site's own, else that of the Ziel, else the one shipped here."""
        return layout(self.profil or self._ziel_layout, ordner)

    def quittungsstufen(self, ordner: Path) -> tuple[Stufe, ...]:
        """What the receipts of the layout can say: nothing where it describes none."""
        return self.layout(ordner).quittungsstufen

    def im_umfeld(self, name: str, umfeld: Umfeld) -> Self:
        """These settings with their way. Raises ``ValueError`` for every other combination."""
        kanal, ziel = umfeld.kanaele.get(self.ueber), umfeld.ziele.get(self.ueber)
        if kanal and ziel and kanal.plugin == ziel.plugin == WEG:
            raise ValueError(f"„{self.ueber}“ (ueber) heißen ein Kanal und ein Ziel. Bitte eines anders nennen.")
        if kanal and kanal.plugin == WEG:
            self._pruefe_kanalweg(name, umfeld)
            neu = self._mit(Ordnerweg.model_validate(self._ordner()), "")
        elif ziel and ziel.plugin == WEG and isinstance(ziel.einstellungen, Ordnerweg):
            self._pruefe_zielweg()
            neu = self._mit(ziel.einstellungen, ziel.einstellungen.profil)
        else:
            raise ValueError(self._falscher_weg(kanal.plugin if kanal else ziel.plugin if ziel else ""))
        try:
            profil = neu.layout(umfeld.ordner)
        except ConfigError as fehler:
            raise ValueError(fehler.hint) from fehler
        if profil.ausgang is None:
            raise ValueError("Das Layoutprofil beschreibt keinen Ausgang; dort „ausgang“ ergänzen.")
        return neu

    def aus_kanal(self, kanal: str) -> None:
        """Refuse a case that did not come by the Kanal of this way. Through a Ziel COM Vibilia carries every case."""
        if self.verzeichnis and kanal != self.ueber:
            raise ValueError(
                f"{_GRUND}, dieser Vorgang kam aber über den Kanal „{kanal}“ und nicht über „{self.ueber}“ (ueber). "
                "Bitte ein anderes Ziel wählen, oder bei ueber ein Ziel mit plugin = „comvibilia“ nennen."
            )

    def _mit(self, weg: Ordnerweg, ziel_layout: str) -> Self:
        neu = self.model_copy()
        neu._weg, neu._ziel_layout = weg, ziel_layout
        return neu

    def _ordner(self) -> dict[str, object]:
        felder = {"verzeichnis", "quittungen", "auch_suchen", "arbeitsverzeichnis", "ankerdatei", "alarm_minuten"}
        return self.model_dump(include=felder)

    def _falscher_weg(self, plugin: str) -> str:
        was = (
            f"ist ein Abschnitt mit plugin = „{plugin}“" if plugin else "gibt es nicht (oder er ist selbst fehlerhaft)"
        )
        return (
            f"{_GRUND}, aber „{self.ueber}“ (ueber) {was}. Bitte dort einen Kanal oder ein Ziel mit plugin = "
            "„comvibilia“ einrichten und hier nennen; ohne COM Vibilia die Fälle etwa in die Aktenablage geben."
        )

    def _pruefe_kanalweg(self, name: str, umfeld: Umfeld) -> None:
        """Only cases that came through this Kanal may go there: by every route, and by [klaerung]."""
        if not self.verzeichnis:
            raise ValueError(
                f"„{self.ueber}“ ist ein Kanal: Bitte mit „verzeichnis“ den Ordner nennen, den LÄMMkom liest."
            )
        if fremd := next(self._fremde(name, umfeld), ""):
            raise ValueError(
                f"{_GRUND}, aber {fremd}. Bitte der Route kanal = „{self.ueber}“ geben, oder bei ueber ein Ziel mit "
                "plugin = „comvibilia“ nennen, das die Fälle hinbringt."
            )

    def _fremde(self, name: str, umfeld: Umfeld) -> Iterator[str]:
        andere = sorted(set(umfeld.kanaele) - {self.ueber})
        for route in umfeld.routen:
            if name in route.ziele and route.kanal not in ("", self.ueber):
                yield f"die Route {route.bezeichnung} bringt Fälle aus dem Kanal „{route.kanal}“ hierher"
            if name in route.ziele and not route.kanal and andere:
                yield f"die Route {route.bezeichnung} bringt auch Fälle aus dem Kanal „{andere[0]}“ hierher"
        if umfeld.klaerung == name and andere:
            yield f"[klaerung] bringt auch Fälle aus dem Kanal „{andere[0]}“ hierher"

    def _pruefe_zielweg(self) -> None:
        eigene = self._ordner()
        if genannt := sorted(name for name in eigene if name in self.model_fields_set):
            raise ValueError(
                f"„{self.ueber}“ ist ein Ziel und bestimmt die Ordner: Bitte {', '.join(genannt)} hier streichen."
            )
