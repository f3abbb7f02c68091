"""The contract tests of this plugin, as Kanal and as Ziel, in both shipped layouts.

``fachwerk konformitaet comvibilia`` runs them and writes the sheet. The other side is the simulator.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fachwerk_comvibilia
from fachwerk.testkit import AdapterContract, KanalContract, Kanalstelle, Zielstelle
from fachwerk.testkit.gegenstelle import Ankunft, Datei
from fachwerk_comvibilia.muster import stamm_von
from fachwerk_comvibilia.profil import lade
from fachwerk_comvibilia.simulator import ComVibilia, Nachricht, Temperament


def flache(ordner: Path) -> list[Ankunft]:
    """A case for every marker, with all files of its stem."""
    namen = [pfad.name for pfad in ordner.iterdir()] if ordner.is_dir() else []
    staemme = [stamm for name in sorted(namen) if (stamm := stamm_von("{stamm}.fertig", name))]
    return [{n: (ordner / n).read_bytes() for n in namen if n.startswith(f"{stamm}.")} for stamm in staemme]


class TestZielImOrdner(AdapterContract):
    """A folder for each case."""

    plugin = fachwerk_comvibilia
    titel = "Importordner, Layout „ordner“"
    gegen = "einen Ordner auf dieser Maschine; COM Vibilia selbst war nicht dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """An empty import folder."""
        yield Zielstelle.im_ordner(ordner / "import")


class TestZielFlach(AdapterContract):
    """Files that share a stem."""

    plugin = fachwerk_comvibilia
    titel = "Importordner, Layout „flach“"
    gegen = "einen Ordner auf dieser Maschine; COM Vibilia selbst war nicht dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """An empty import folder."""
        yield Zielstelle.im_ordner(ordner / "import", flache, profil="flach")


def export(ordner: Path, profil: str) -> Kanalstelle:
    """A fresh export folder, filled by the simulator."""
    seite, nummern = ComVibilia(ordner, lade(profil, ordner)), itertools.count(1)
    marke = "*/uebergabe.fertig" if profil == "ordner" else "*.fertig"

    def lege_hin(dateien: Sequence[Datei], **launen: Any) -> None:
        (_, _, xml), *anlagen = dateien
        seite.temperament = Temperament(**launen)
        seite.lege_ab(Nachricht(xml, [(name, inhalt) for name, _, inhalt in anlagen], name=f"n{next(nummern)}"))

    def lege_halb_hin(dateien: Sequence[Datei]) -> Callable[[], None]:
        lege_hin(dateien, schritte=1000)

        def vollende() -> None:
            while seite.schreibt:
                seite.runde()

        return vollende

    def wartend() -> int:
        return len([fund for fund in seite.export.glob(marke) if "verarbeitet" not in fund.parts])

    werte = {"verzeichnis": str(seite.export.absolute()), "profil": profil, "alarm_minuten": 100_000}
    return Kanalstelle(werte, lege_hin, wartend, lege_halb_hin, ordner=seite.export.absolute())


class TestKanalImOrdner(KanalContract):
    """A folder for each message."""

    plugin = fachwerk_comvibilia
    titel = "Exportordner, Layout „ordner“"
    gegen = "den Simulator dieses Plugins; COM Vibilia selbst war nicht dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Kanalstelle]:
        """An empty export folder."""
        yield export(ordner, "ordner")


class TestKanalFlach(KanalContract):
    """Files that share a stem."""

    plugin = fachwerk_comvibilia
    titel = "Exportordner, Layout „flach“"
    gegen = "den Simulator dieses Plugins; COM Vibilia selbst war nicht dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Kanalstelle]:
        """An empty export folder."""
        yield export(ordner, "flach")
