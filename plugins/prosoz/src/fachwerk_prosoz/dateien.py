"""The folders shared with PROSOZ: what their refusals mean for a delivery, and small files of somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fachwerk import ablage
from fachwerk.ablage import Geschrieben, Stoermelder, Stoerung, raeume, sichere_ordner

__all__ = ["MELDER", "lies_anfang", "raeume_versuche", "schreibe", "sichere_ordner", "uebersetzt", "wiederholbar"]

MELDER = Stoermelder(
    "prosoz",
    "PROSOZ, Ordner",
    codes={Stoerung.FEHLT: "prosoz.ordner_fehlt"},
    texte={
        Stoerung.LAUFWERK: (
            "der Zwischenordner liegt auf einem anderen Laufwerk",
            "„zwischenordner“ im Profil auf dasselbe Laufwerk legen",
        )
    },
)
wiederholbar, uebersetzt = MELDER.uebersetzt, MELDER.fehler


def schreibe(pfad: Path, strom: Iterable[bytes]) -> Geschrieben:
    """Write a new file, on the disk when this returns, and the folder it lies in if that is missing."""
    with wiederholbar(pfad.parent):
        pfad.parent.mkdir(exist_ok=True)
    return ablage.schreibe(pfad, strom, MELDER)


def raeume_versuche(ordner: Path, versuch: str) -> None:
    """Take away the folders of killed attempts at one hand-over."""
    raeume(ordner, (f"{versuch}-", f"weg-{versuch}-"), f"weg-{versuch}-")


def lies_anfang(pfad: Path, hoechstens: int = 64 * 1024) -> str:
    """The beginning of a small text file of somebody else, UTF-8 or else Latin-1."""
    with open(pfad, "rb") as datei:
        roh = datei.read(hoechstens)
    try:
        return roh.decode("utf-8-sig")
    except UnicodeDecodeError:
        return roh.decode("latin-1")
