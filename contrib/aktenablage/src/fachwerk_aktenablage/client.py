"""The only file with I/O: writes a Sendung as a folder, all or nothing, and finds it again by its key.

A folder becomes visible by one rename, after everything in it is on the disk; before that it lies beside its final
place under a name that starts with a dot. Every attempt has its own temporary folder, and one left behind by a
killed process is taken away by a rename too, so that two processes can never mix their files.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from fachwerk.errors import PermanentError, RetryableError, StepError
from fachwerk.modell import Befund, Kanal, Quittung, Schwere, Sendung, Stufe, Teil, Ziel
from fachwerk_aktenablage.dateinamen import MAX_LAENGE, ist_sicher
from fachwerk_aktenablage.settings import Zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host

MARKE = ".fachwerk.json"
KNAPP = 1_000_000_000
"""Bytes free below which ``check`` warns."""

LAENGSTER_ORDNER = 100
"""Characters of the folder's own path that leave a case folder, ``anlagen/`` and a name below 260."""

_WINDOWS = os.name == "nt"
_NEU, _WEG, _PROBE = ".neu-", ".weg-", ".probe-"
_GLEICHE_NAMEN = 100
_OHNE_ORDNERSYNC = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EISDIR}
_SCHON_DA = {errno.EEXIST, errno.ENOTEMPTY}
_VOLL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_VERBOTEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def liefere(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Write the folder of ``sendung``, or find it written. Raises ``RetryableError`` where the disk refuses."""
    _pruefe_pfade(sendung)
    ablage = _oeffne_ablage(ziel, host)
    if fertig := _suche(ablage, ziel, schluessel):
        return fertig
    _raeume_reste(ablage, schluessel)
    entwurf = ablage / f"{_NEU}{_kurz(schluessel, 16)}-{secrets.token_hex(4)}"
    try:
        marke = _schreibe_entwurf(entwurf, sendung, schluessel, host)
        ordner = _mache_sichtbar(entwurf, ablage, sendung.bezeichnung, schluessel)
    except BaseException:
        shutil.rmtree(entwurf, ignore_errors=True)
        raise
    if ordner is None:
        shutil.rmtree(entwurf, ignore_errors=True)
        return _suche(ablage, ziel, schluessel) or _verschwunden(ablage)
    with _fehler_der_ablage(ablage):
        _sichere_ordner(ablage)
    return _quittung(ziel, ordner, marke)


def finde(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """The Quittung of the folder with this key, or None. Raises ``RetryableError`` where the folder is unreachable."""
    ablage = verzeichnis(ziel, host)
    if not ablage.exists() and not _ist_absolut(ziel):
        return None
    with _fehler_der_ablage(ablage):
        os.stat(ablage)
    return _suche(ablage, ziel, schluessel)


def verzeichnis(ziel: Ziel, host: Host) -> Path:
    """The folder of all case folders."""
    return host.ordner / _einstellungen(ziel).verzeichnis


def pruefe(ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Preflight: the folder is there or can be made, takes a file, has space, and leaves room for long paths."""
    if not isinstance(ziel, Ziel):
        return []
    ablage = verzeichnis(ziel, host)
    if not ablage.is_dir():
        return [_befund_ohne_ordner(ablage, ziel)]
    befunde = []
    try:
        _probiere(ablage)
    except OSError as fehler:
        uebersetzt = _uebersetzt(fehler, ablage)
        befunde.append(Befund(code=uebersetzt.code, schwere=Schwere.FEHLER, text=uebersetzt.hint))
    frei = shutil.disk_usage(ablage).free
    if frei < KNAPP:
        text = f"Auf dem Laufwerk von {ablage} sind nur noch {frei // 1_000_000} MB frei. Bitte Platz schaffen."
        befunde.append(Befund(code="ablage.platz_knapp", schwere=Schwere.WARNUNG, text=text))
    if _WINDOWS and len(str(ablage.absolute())) > LAENGSTER_ORDNER:
        text = (
            f"Der Pfad {ablage} ist länger als {LAENGSTER_ORDNER} Zeichen; Dateien darin könnten die Grenze von 260 "
            "Zeichen überschreiten. Bitte einen kürzeren Ordner wählen (Schlüssel verzeichnis)."
        )
        befunde.append(Befund(code="ablage.pfad_lang", schwere=Schwere.WARNUNG, text=text))
    return befunde


def _befund_ohne_ordner(ablage: Path, ziel: Ziel) -> Befund:
    """A relative folder will be made if the folders above allow it; an absolute one is the site's to make."""
    oben = next((ordner for ordner in ablage.parents if ordner.exists()), ablage)
    if ablage.exists() or not oben.is_dir() or not os.access(oben, os.W_OK):
        text = f"Der Ordner {ablage} fehlt und lässt sich nicht anlegen. Bitte Pfad und Rechte von {oben} prüfen."
        return Befund(code="ablage.fehlt", schwere=Schwere.FEHLER, text=text)
    if _ist_absolut(ziel):
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
            _sichere_datei(datei)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(probe)


def _einstellungen(ziel: Ziel) -> Zieleinstellungen:
    return Zieleinstellungen.model_validate(ziel.einstellungen)


def _ist_absolut(ziel: Ziel) -> bool:
    return Path(_einstellungen(ziel).verzeichnis).is_absolute()


def _oeffne_ablage(ziel: Ziel, host: Host) -> Path:
    """A relative folder is made; an absolute one must exist, or files would land below an empty mount point."""
    ablage = verzeichnis(ziel, host)
    with _fehler_der_ablage(ablage):
        if not _ist_absolut(ziel) and not ablage.exists():
            ablage.mkdir(parents=True, exist_ok=True)
            _sichere_ordner(ablage.parent)
        os.listdir(ablage)
    return ablage


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


def _schreibe_entwurf(entwurf: Path, sendung: Sendung, schluessel: str, host: Host) -> dict[str, Any]:
    """All files and, last, the mark with their hashes; everything is on the disk when this returns."""
    with _fehler_der_ablage(entwurf.parent):
        entwurf.mkdir()
        for ordner in _unterordner(sendung):
            (entwurf / ordner).mkdir()
    dateien = {anlage.pfad: _schreibe_teil(entwurf / anlage.pfad, anlage.teil) for anlage in sendung.anlagen}
    marke = {"schema": 1, "schluessel": schluessel, "zeit": host.now().isoformat(), "dateien": dateien}
    with _fehler_der_ablage(entwurf.parent):
        with open(entwurf / MARKE, "xb") as datei:
            datei.write(json.dumps(marke, ensure_ascii=True, indent=1).encode())
            _sichere_datei(datei)
        for ordner in (*reversed(_unterordner(sendung)), "."):
            _sichere_ordner(entwurf / ordner)
    return marke


def _unterordner(sendung: Sendung) -> list[str]:
    """All folders below the case folder, upper ones first; made once, so that a writer whose folder is gone fails."""
    return sorted({str(ordner) for a in sendung.anlagen for ordner in PurePosixPath(a.pfad).parents} - {"."})


def _schreibe_teil(pfad: Path, teil: Teil) -> str:
    """Stream one part into its file and return its SHA-256. Errors of the content store pass through unchanged."""
    summe = hashlib.sha256()
    with _fehler_der_ablage(pfad.parent):
        datei = open(pfad, "xb")  # noqa: SIM115  closed below, so that reading and writing errors stay apart
    try:
        for stueck in teil.bytes_strom():
            summe.update(stueck)
            with _fehler_der_ablage(pfad.parent):
                datei.write(stueck)
        with _fehler_der_ablage(pfad.parent):
            _sichere_datei(datei)
    finally:
        with _fehler_der_ablage(pfad.parent):
            datei.close()
    return summe.hexdigest()


def _mache_sichtbar(entwurf: Path, ablage: Path, bezeichnung: str, schluessel: str) -> Path | None:
    """Rename to the first free name; None where another process delivered this key meanwhile."""
    stamm = f"{bezeichnung[: MAX_LAENGE - 20]}_{_kurz(schluessel)}"
    for nummer in range(1, _GLEICHE_NAMEN):
        ordner = ablage / (stamm if nummer == 1 else f"{stamm}_{nummer}")
        with _fehler_der_ablage(ablage):
            if not ordner.exists() and _benenne_um(entwurf, ordner):
                return ordner
            if _lies_marke(ordner, schluessel):
                return None
    raise _fehler("ablage.name_belegt", ablage, "alle Namen für diesen Vorgang sind belegt", "fremde Ordner entfernen")


def _benenne_um(quelle: Path, ordner: Path) -> bool:
    """False where the name was taken meanwhile; an existing folder is never replaced, on no system."""
    try:
        os.rename(quelle, ordner)
    except OSError as fehler:
        if fehler.errno in _SCHON_DA or ordner.exists():
            return False
        raise
    return True


def _raeume_reste(ablage: Path, schluessel: str) -> None:
    """Take away what a killed attempt for this key left. A rename first: a writer still alive fails, never mixes."""
    anfaenge = (f"{_NEU}{_kurz(schluessel, 16)}-", f"{_WEG}{_kurz(schluessel, 16)}-")
    with _fehler_der_ablage(ablage):
        for name in [name for name in os.listdir(ablage) if name.startswith(anfaenge)]:
            weg = ablage / f"{anfaenge[1]}{secrets.token_hex(4)}"
            with contextlib.suppress(FileNotFoundError):
                os.rename(ablage / name, weg)
                shutil.rmtree(weg, ignore_errors=True)


def _suche(ablage: Path, ziel: Ziel, schluessel: str) -> Quittung | None:
    """The folder whose name carries the hash of the key and whose mark carries the key."""
    muster = re.compile(rf".*_{_kurz(schluessel)}(_\d+)?")
    with _fehler_der_ablage(ablage):
        namen = sorted(name for name in os.listdir(ablage) if muster.fullmatch(name) and not name.startswith("."))
        for name in namen:
            if marke := _lies_marke(ablage / name, schluessel):
                _sichere_ordner(ablage)
                return _quittung(ziel, ablage / name, marke)
    return None


def _lies_marke(ordner: Path, schluessel: str) -> dict[str, Any] | None:
    """The mark of ``ordner`` if it is complete and of this key; anything else is a foreign folder."""
    try:
        marke = json.loads((ordner / MARKE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return marke if isinstance(marke, dict) and marke.get("schluessel") == schluessel else None


def _quittung(ziel: Ziel, ordner: Path, marke: dict[str, Any]) -> Quittung:
    return Quittung(
        ziel=ziel.name,
        schluessel=marke["schluessel"],
        stufe=Stufe.UEBERGEBEN,
        zeit=marke["zeit"],
        kennung=ordner.name,
        einzelheiten={"dateien": str(len(marke["dateien"]))},
    )


def _verschwunden(ablage: Path) -> Quittung:
    raise _fehler("ablage.verschwunden", ablage, "ein gerade angelegter Ordner ist verschwunden", "den Ordner prüfen")


def _sichere_datei(datei: Any) -> None:
    datei.flush()
    os.fsync(datei.fileno())


def _sichere_ordner(ordner: Path) -> None:
    """Make names durable. Windows has no such call, and some network drives refuse it: then the drive decides."""
    if _WINDOWS:
        return
    kennung = os.open(ordner, os.O_RDONLY)
    try:
        os.fsync(kennung)
    except OSError as fehler:
        if fehler.errno not in _OHNE_ORDNERSYNC:
            raise
    finally:
        os.close(kennung)


def _kurz(schluessel: str, stellen: int = 12) -> str:
    return hashlib.sha256(schluessel.encode()).hexdigest()[:stellen]


@contextlib.contextmanager
def _fehler_der_ablage(ablage: Path) -> Iterator[None]:
    """Say what the disk refused in words an operator can act on; nothing was handed over when this raises."""
    try:
        yield
    except OSError as fehler:
        raise _uebersetzt(fehler, ablage) from fehler


def _uebersetzt(fehler: OSError, ablage: Path) -> StepError:
    if fehler.errno in _VOLL:
        return _fehler("ablage.voll", ablage, "kein Platz mehr oder Kontingent erschöpft", "Platz schaffen")
    if fehler.errno in _VERBOTEN:
        return _fehler(
            "ablage.verboten",
            ablage,
            "der Zugriff wurde verweigert",
            "dem Dienstkonto Schreibrechte auf den Ordner geben und Dateien darin in anderen Programmen schließen",
        )
    if fehler.errno in (errno.ENOENT, errno.ENOTDIR):
        return _fehler("ablage.fehlt", ablage, "der Ordner fehlt", "den Ordner anlegen oder das Laufwerk verbinden")
    name = errno.errorcode.get(fehler.errno or 0, "unbekannt")
    return _fehler("ablage.gestoert", ablage, f"Dateisystemfehler {name}", "Laufwerk und Netzverbindung prüfen")


def _fehler(code: str, ablage: Path, was: str, rat: str) -> RetryableError:
    hinweis = f"Aktenablage {ablage}: {was}. Bitte {rat}; der Vorgang wird danach von selbst erneut abgelegt."
    return RetryableError(code, hinweis, {"ordner": str(ablage)})
