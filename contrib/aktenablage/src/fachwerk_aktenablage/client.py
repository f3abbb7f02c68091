"""Writes a Sendung as a folder, all or nothing, and finds it again by its key. The only file that writes content.

A folder becomes visible by one rename, after everything in it is on the disk; before that it lies beside its final
place under a name that starts with a dot. Every attempt has its own temporary folder, and one left behind by a
killed process is taken away by a rename too, so that two processes can never mix their files. ZIP and mirror come
after it, each in the same way: what fails there is tried again, and the folder that is there stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from fachwerk import ablage as platte
from fachwerk.errors import PermanentError
from fachwerk.modell import Befund, Kanal, Quittung, Sendung, Stufe, Ziel
from fachwerk_aktenablage.archiv import schreibe_zip
from fachwerk_aktenablage.dateinamen import MAX_LAENGE, ist_sicher
from fachwerk_aktenablage.meldung import MELDER, fehler_des_spiegels
from fachwerk_aktenablage.pruefung import pruefe_ordner
from fachwerk_aktenablage.settings import Zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host

MARKE = ".fachwerk.json"
_NEU, _WEG = ".neu-", ".weg-"
_GLEICHE_NAMEN = 100
KUERZESTER_ORDNER = 30
"""Characters of the name under which a case folder is written; no visible one need be longer."""


@dataclass(frozen=True)
class Ablageort:
    """One folder of case folders as configured: ``schluessel`` is the key that names it."""

    pfad: Path
    schluessel: str
    absolut: bool
    zip: bool


@dataclass(frozen=True)
class Akte:
    """A visible case folder with its mark."""

    ordner: Path
    marke: dict[str, Any]

    @property
    def archiv(self) -> Path:
        return self.ordner.with_name(f"{self.ordner.name}.zip")


def liefere(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Write the folder of ``sendung``, or find it written. Raises ``RetryableError`` where a disk refuses."""
    _pruefe_pfade(sendung)
    ablage, *spiegel = ablagen(ziel, host)
    akte = _lege_ab(ablage, sendung, schluessel, host)
    for weitere in spiegel:
        with fehler_des_spiegels(akte.ordner):
            _lege_ab(weitere, sendung, schluessel, host)
    return _quittung(ziel, akte)


def finde(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """The Quittung of the folder with this key, or None, also where ZIP or mirror are still to be written.

    Raises ``RetryableError`` where a folder is unreachable.
    """
    ablage, *spiegel = ablagen(ziel, host)
    akte = _finde_in(ablage, schluessel)
    if akte is None:
        return None
    with fehler_des_spiegels(akte.ordner):
        vollstaendig = all(_finde_in(weitere, schluessel) for weitere in spiegel)
    return _quittung(ziel, akte) if vollstaendig else None


def pruefe(ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Preflight of every folder of this Ziel."""
    if not isinstance(ziel, Ziel):
        return []
    return [
        befund
        for ablage in ablagen(ziel, host)
        for befund in pruefe_ordner(ablage.pfad, ablage.schluessel, absolut=ablage.absolut)
    ]


def ablagen(ziel: Ziel, host: Host) -> list[Ablageort]:
    """The folder of all case folders, then its mirror where there is one."""
    werte = Zieleinstellungen.model_validate(ziel.einstellungen)
    ordner = {"verzeichnis": werte.verzeichnis, **({"spiegel": werte.spiegel} if werte.spiegel else {})}
    return [
        Ablageort(host.ordner / pfad, schluessel, Path(pfad).is_absolute(), werte.zip)
        for schluessel, pfad in ordner.items()
    ]


def _lege_ab(ablage: Ablageort, sendung: Sendung, schluessel: str, host: Host) -> Akte:
    """The folder, and its ZIP if one is wanted; what is there already is left alone."""
    namen = _oeffne(ablage)
    akte = suche(ablage.pfad, schluessel, namen)
    if akte and not _fehlt_zip(ablage, akte):
        return akte
    platz = _platz(ablage, sendung)
    raeume_reste(ablage.pfad, schluessel, namen)
    akte = akte or _lege_ordner_ab(ablage.pfad, sendung, schluessel, host, platz)
    if _fehlt_zip(ablage, akte):
        _lege_zip_ab(akte, sendung, schluessel)
    return akte


def _finde_in(ablage: Ablageort, schluessel: str) -> Akte | None:
    if not ablage.pfad.exists() and not ablage.absolut:
        return None
    with MELDER.uebersetzt(ablage.pfad):
        os.stat(ablage.pfad)
    akte = suche(ablage.pfad, schluessel)
    return None if akte and _fehlt_zip(ablage, akte) else akte


def _fehlt_zip(ablage: Ablageort, akte: Akte) -> bool:
    return ablage.zip and not akte.archiv.exists()


def _oeffne(ablage: Ablageort) -> list[str]:
    """What is in it. A relative one is made; an absolute one must exist, or files would land below a mount point.

    Listed once for everything: with a hundred thousand cases, or behind a network, that is what a delivery waits for.
    """
    with MELDER.uebersetzt(ablage.pfad):
        if not ablage.absolut and not ablage.pfad.exists():
            platte.lege_ordner_an(ablage.pfad)
        return os.listdir(ablage.pfad)


def _pruefe_pfade(sendung: Sendung) -> None:
    pfade = [anlage.pfad for anlage in sendung.anlagen]
    doppelt = len({pfad.lower() for pfad in pfade}) != len(pfade)
    stuecke = [stueck for pfad in (*pfade, sendung.bezeichnung) for stueck in pfad.split("/")]
    if doppelt or "/" in sendung.bezeichnung or not all(map(ist_sicher, stuecke)):
        raise PermanentError(
            "ablage.pfad_unsicher",
            "Die Sendung enthält doppelte oder unsichere Dateinamen und wurde nicht geschrieben. "
            "Das ist ein Fehler im Programm: bitte mit der Vorgangsnummer melden.",
        )


def _platz(ablage: Ablageort, sendung: Sendung) -> int:
    """Characters the name of the case folder may have. Raises where on Windows even the shortest would be too long.

    Names inside are not shortened: ``index.html`` links to them, and they are the same in every copy of the case.
    """
    if not platte.WINDOWS:
        return MAX_LAENGE
    innen = len(str(ablage.pfad.absolute())) + 2 + max((len(a.pfad) for a in sendung.anlagen), default=len(MARKE))
    if innen + KUERZESTER_ORDNER > platte.LAENGSTER_PFAD:
        raise MELDER.melde(
            "ablage.pfad_lang",
            ablage.pfad,
            f"Dateien darin hätten Pfade bis zu {innen + KUERZESTER_ORDNER} Zeichen, Windows erlaubt "
            f"{platte.LAENGSTER_PFAD}",
            f"einen kürzeren Ordner wählen (Schlüssel {ablage.schluessel})",
        )
    return min(MAX_LAENGE, platte.LAENGSTER_PFAD - innen)


def _lege_ordner_ab(ablage: Path, sendung: Sendung, schluessel: str, host: Host, platz: int) -> Akte:
    entwurf = ablage / _entwurfsname(schluessel)
    try:
        marke = _schreibe_entwurf(entwurf, sendung, schluessel, host)
        ordner = _mache_sichtbar(entwurf, ablage, _stamm(sendung.bezeichnung, schluessel, platz), schluessel)
    except BaseException:
        platte.entferne(entwurf)
        raise
    if ordner is None:
        platte.entferne(entwurf)
        return suche(ablage, schluessel) or _verschwunden(ablage)
    with MELDER.uebersetzt(ablage):
        platte.sichere_ordner(ablage)
    return Akte(ordner, marke)


def _lege_zip_ab(akte: Akte, sendung: Sendung, schluessel: str) -> None:
    """Beside the folder, whole or not at all; made from the stored content, never from what somebody changed."""
    ablage = akte.ordner.parent
    entwurf = ablage / _entwurfsname(schluessel)
    marke = json.dumps(akte.marke, ensure_ascii=True, indent=1).encode()
    teile = [(anlage.pfad, anlage.teil.bytes_strom()) for anlage in sendung.anlagen]
    with MELDER.uebersetzt(ablage), platte.im_ganzen(akte.archiv, entwurf) as datei:
        zeit = datetime.fromisoformat(akte.marke["zeit"])
        schreibe_zip(datei, akte.ordner.name, zeit, [*teile, (MARKE, iter([marke]))])


def _schreibe_entwurf(entwurf: Path, sendung: Sendung, schluessel: str, host: Host) -> dict[str, Any]:
    """All files and, last, the mark with their hashes; everything is on the disk when this returns."""
    with MELDER.uebersetzt(entwurf.parent):
        entwurf.mkdir()
        for ordner in _unterordner(sendung):
            (entwurf / ordner).mkdir()
    dateien = {
        anlage.pfad: platte.schreibe(entwurf / anlage.pfad, anlage.teil.bytes_strom(), MELDER).sha256
        for anlage in sendung.anlagen
    }
    marke = {"schema": 1, "schluessel": schluessel, "zeit": host.now().isoformat(), "dateien": dateien}
    platte.schreibe(entwurf / MARKE, [json.dumps(marke, ensure_ascii=True, indent=1).encode()], MELDER)
    with MELDER.uebersetzt(entwurf.parent):
        for ordner in (*reversed(_unterordner(sendung)), "."):
            platte.sichere_ordner(entwurf / ordner)
    return marke


def _unterordner(sendung: Sendung) -> list[str]:
    """All folders below the case folder, upper ones first; made once, so that a writer whose folder is gone fails."""
    return sorted({str(ordner) for a in sendung.anlagen for ordner in PurePosixPath(a.pfad).parents} - {"."})


def _mache_sichtbar(entwurf: Path, ablage: Path, stamm: str, schluessel: str) -> Path | None:
    """Rename to the first free name; None where another process delivered this key meanwhile."""
    for nummer in range(1, _GLEICHE_NAMEN):
        ordner = ablage / (stamm if nummer == 1 else f"{stamm}_{nummer}")
        with MELDER.uebersetzt(ablage):
            if platte.benenne_um(entwurf, ordner):
                return ordner
            if _lies_marke(ordner, schluessel):
                return None
    raise MELDER.melde(
        "ablage.name_belegt", ablage, "alle Namen für diesen Vorgang sind belegt", "fremde Ordner entfernen"
    )


def raeume_reste(ablage: Path, schluessel: str, namen: Iterable[str] | None = None) -> None:
    """Take away what a killed attempt for this key left (among ``namen``, if they are known)."""
    with MELDER.uebersetzt(ablage):
        platte.raeume(ablage, anfaenge(schluessel), anfaenge(schluessel)[1], namen)


def suche(ablage: Path, schluessel: str, namen: Iterable[str] | None = None) -> Akte | None:
    """The folder (among ``namen``, if they are known) whose name carries the hash of the key and whose mark the key."""
    marke_im_namen, muster = f"_{_kurz(schluessel)}", namensmuster(schluessel)
    with MELDER.uebersetzt(ablage):
        alle = os.listdir(ablage) if namen is None else namen
        passende = [name for name in alle if marke_im_namen in name and muster.fullmatch(name) and name[0] != "."]
        for name in sorted(passende):
            if marke := _lies_marke(ablage / name, schluessel):
                platte.sichere_ordner(ablage)
                return Akte(ablage / name, marke)
    return None


def _lies_marke(ordner: Path, schluessel: str) -> dict[str, Any] | None:
    """The mark of ``ordner`` if it is complete and of this key; anything else is a foreign folder."""
    try:
        marke = json.loads((ordner / MARKE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return marke if isinstance(marke, dict) and marke.get("schluessel") == schluessel else None


def _quittung(ziel: Ziel, akte: Akte) -> Quittung:
    return Quittung(
        ziel=ziel.name,
        schluessel=akte.marke["schluessel"],
        stufe=Stufe.UEBERGEBEN,
        zeit=akte.marke["zeit"],
        kennung=akte.ordner.name,
        einzelheiten={"dateien": str(len(akte.marke["dateien"]))},
    )


def _verschwunden(ablage: Path) -> Akte:
    was = "ein gerade angelegter Ordner ist verschwunden"
    raise MELDER.melde("ablage.verschwunden", ablage, was, "den Ordner prüfen")


def _stamm(bezeichnung: str, schluessel: str, platz: int) -> str:
    """The name of the visible folder, with room for a number; the hash of the key is never what is cut off."""
    return f"{bezeichnung[: platz - 20]}_{_kurz(schluessel)}"


def namensmuster(schluessel: str) -> re.Pattern[str]:
    """Which names a visible folder of this key can have."""
    return re.compile(rf".*_{_kurz(schluessel)}(_\d+)?")


def anfaenge(schluessel: str) -> tuple[str, str]:
    """How names begin of what is being written, and of what is being deleted, for this key."""
    return f"{_NEU}{_kurz(schluessel, 16)}-", f"{_WEG}{_kurz(schluessel, 16)}-"


def _entwurfsname(schluessel: str) -> str:
    return f"{anfaenge(schluessel)[0]}{secrets.token_hex(4)}"


def _kurz(schluessel: str, stellen: int = 12) -> str:
    return hashlib.sha256(schluessel.encode()).hexdigest()[:stellen]
