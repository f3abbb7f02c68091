"""The preflight of ``fachwerk check``: a folder is there or can be made, takes a file, has space and a short path."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from fachwerk import ablage as platte
from fachwerk.modell import Befund, Schwere
from fachwerk_aktenablage.meldung import MELDER

KNAPP = 1_000_000_000
"""Bytes free below which ``check`` warns."""

LAENGSTER_ORDNER = 100
"""Characters of the folder's own path that leave a case folder, ``anlagen/`` and a name below 260."""

_PROBE = ".probe-"


def pruefe_ordner(ablage: Path, schluessel: str, *, absolut: bool) -> list[Befund]:
    """What is wrong with one folder; ``schluessel`` is the key of the configuration that names it."""
    if not ablage.is_dir():
        return [_befund_ohne_ordner(ablage, absolut=absolut)]
    befunde = []
    try:
        _probiere(ablage)
    except OSError as fehler:
        uebersetzt = MELDER.fehler(fehler, ablage)
        befunde.append(Befund(code=uebersetzt.code, schwere=Schwere.FEHLER, text=uebersetzt.hint))
    frei = shutil.disk_usage(ablage).free
    if frei < KNAPP:
        text = f"Auf dem Laufwerk von {ablage} sind nur noch {frei // 1_000_000} MB frei. Bitte Platz schaffen."
        befunde.append(Befund(code="ablage.platz_knapp", schwere=Schwere.WARNUNG, text=text))
    if platte.WINDOWS and len(str(ablage.absolute())) > LAENGSTER_ORDNER:
        text = (
            f"Der Pfad {ablage} ist länger als {LAENGSTER_ORDNER} Zeichen; Dateien darin könnten die Grenze von 260 "
            f"Zeichen überschreiten. Bitte einen kürzeren Ordner wählen (Schlüssel {schluessel})."
        )
        befunde.append(Befund(code="ablage.pfad_lang", schwere=Schwere.WARNUNG, text=text))
    return befunde


def _befund_ohne_ordner(ablage: Path, *, absolut: bool) -> Befund:
    """A relative folder will be made if the folders above allow it; an absolute one is the site's to make."""
    oben = next((ordner for ordner in ablage.parents if ordner.exists()), ablage)
    if ablage.exists() or not oben.is_dir() or not os.access(oben, os.W_OK):
        text = f"Der Ordner {ablage} fehlt und lässt sich nicht anlegen. Bitte Pfad und Rechte von {oben} prüfen."
        return Befund(code="ablage.fehlt", schwere=Schwere.FEHLER, text=text)
    if absolut:
        text = f"Der Ordner {ablage} fehlt. Bitte anlegen oder das Laufwerk verbinden; Fachwerk legt nur relative an."
        return Befund(code="ablage.fehlt", schwere=Schwere.FEHLER, text=text)
    text = f"Der Ordner {ablage} fehlt noch und wird mit dem ersten Vorgang angelegt."
    return Befund(code="ablage.wird_angelegt", schwere=Schwere.HINWEIS, text=text)


def _probiere(ablage: Path) -> None:
    """Write and delete a probe file; raises ``OSError`` as the system does."""
    probe = ablage / f"{_PROBE}{secrets.token_hex(8)}"
    try:
        with open(probe, "xb") as datei:
            datei.write(b"fachwerk\n")
            platte.sichere_datei(datei)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(probe)
