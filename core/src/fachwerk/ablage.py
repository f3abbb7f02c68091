"""Writing into folders that others read: whole or not at all, durable, never over something that is there.

For every plugin that hands over through a folder, and for the core. Everything is written under a name nobody looks
at, made durable, and shown by one rename. What the system refuses becomes a ``RetryableError`` with a German hint
(:class:`Stoermelder`), on Linux and on Windows, on a local disk and on a network drive.

No system has a rename that both never replaces and works on every network drive: :func:`benenne_um` looks first. Who
shares a folder with programs that may choose the same name uses names of its own, such as a hash of the delivery key.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, NamedTuple

from fachwerk.errors import RetryableError

WINDOWS = os.name == "nt"
LAENGSTER_PFAD = 259
"""Characters Windows and its Explorer take for a whole path."""


class Stoerung(StrEnum):
    """What a file system refused. The value ends the error code, but a hint can say more than a code (``_CODE``)."""

    VOLL = "voll"
    VERBOTEN = "verboten"
    NUR_LESEN = "nur_lesen"
    FEHLT = "fehlt"
    GETRENNT = "getrennt"
    LAUFWERK = "laufwerk"
    PFAD_LANG = "pfad_lang"
    GESTOERT = "gestoert"


def _nummern(*namen: str) -> frozenset[int]:
    """Those of the error numbers that this system knows."""
    return frozenset(getattr(errno, name) for name in namen if hasattr(errno, name))


_NACH_NUMMER: Mapping[Stoerung, frozenset[int]] = {
    Stoerung.VOLL: _nummern("ENOSPC", "EDQUOT", "EFBIG"),
    Stoerung.NUR_LESEN: _nummern("EROFS"),
    Stoerung.VERBOTEN: _nummern("EACCES", "EPERM", "EBUSY", "ETXTBSY"),
    Stoerung.FEHLT: _nummern("ENOENT", "ENOTDIR"),
    Stoerung.GETRENNT: _nummern(
        "ENETDOWN", "ENETUNREACH", "ENETRESET", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "ENOTCONN", "ESTALE",
        "ECONNABORTED", "ECONNRESET", "ECONNREFUSED", "EREMOTEIO", "ENODEV", "ENXIO", "ENOLINK", "ENONET",
    ),
    Stoerung.LAUFWERK: _nummern("EXDEV"),
    Stoerung.PFAD_LANG: _nummern("ENAMETOOLONG"),
}  # fmt: skip
_NACH_WINDOWS: Mapping[Stoerung, frozenset[int]] = {
    Stoerung.VOLL: frozenset({39, 112, 1295}),
    Stoerung.NUR_LESEN: frozenset({19}),
    Stoerung.VERBOTEN: frozenset({5, 32, 33}),
    Stoerung.GETRENNT: frozenset({21, 51, 53, 54, 55, 59, 64, 67, 71, 121, 240, 1222, 1231, 1232, 1236}),
    Stoerung.LAUFWERK: frozenset({17}),
    Stoerung.PFAD_LANG: frozenset({206}),
}
"""Windows says some of it more exactly in its own numbers than in those Python makes of them."""

_TEXTE: Mapping[Stoerung, tuple[str, str]] = {
    Stoerung.VOLL: ("kein Platz mehr oder Kontingent erschöpft", "Platz schaffen"),
    Stoerung.VERBOTEN: (
        "der Zugriff wurde verweigert",
        "dem Dienstkonto Schreibrechte auf den Ordner geben und Dateien darin in anderen Programmen schließen",
    ),
    Stoerung.NUR_LESEN: ("das Laufwerk lässt sich nur lesen", "den Schreibschutz aufheben und das Laufwerk prüfen"),
    Stoerung.FEHLT: ("der Ordner fehlt", "den Ordner anlegen oder das Laufwerk verbinden"),
    Stoerung.GETRENNT: ("das Netzlaufwerk antwortet nicht", "Netzverbindung und Dateiserver prüfen"),
    Stoerung.LAUFWERK: ("Umbenennen geht nur auf einem Laufwerk", "beide Ordner auf dasselbe Laufwerk legen"),
    Stoerung.PFAD_LANG: ("ein Pfad wird dort zu lang", "einen kürzeren Ordner wählen"),
}
_CODE = {Stoerung.NUR_LESEN: "verboten", Stoerung.GETRENNT: "gestoert"}
_OHNE_ORDNERSYNC = _nummern("EINVAL", "EBADF", "ENOTSUP", "EACCES", "EPERM", "EISDIR")
_SCHON_DA = _nummern("EEXIST", "ENOTEMPTY")


def stoerung(fehler: OSError) -> Stoerung:
    """What kind of refusal this is; the text of the system is in no language an operator has to read."""
    nummer = getattr(fehler, "winerror", None)
    arten = [art for art, nummern in _NACH_WINDOWS.items() if nummer in nummern] if nummer else []
    if not arten and WINDOWS and len(str(fehler.filename or "")) > LAENGSTER_PFAD:
        arten = [Stoerung.PFAD_LANG]  # said as "not found", unless the whole machine allows long paths
    arten += [art for art, nummern in _NACH_NUMMER.items() if fehler.errno in nummern]
    return next(iter(arten), Stoerung.GESTOERT)


@dataclass(frozen=True)
class Stoermelder:
    """Says in the words of one plugin what its folder refused; nothing was handed over when that is raised.

    ``wo`` begins the hint (``Aktenablage``); ``codes`` are those that do not follow from ``vorsatz`` (``ablage.voll``);
    ``texte`` replaces what happened and what to do; ``danach`` says what comes of doing it.
    """

    vorsatz: str
    wo: str
    codes: Mapping[Stoerung, str] = field(default_factory=dict)
    texte: Mapping[Stoerung, tuple[str, str]] = field(default_factory=dict)
    danach: str = "danach geht es von selbst weiter"

    def code(self, art: Stoerung) -> str:
        """The documented error code."""
        return self.codes.get(art, f"{self.vorsatz}.{_CODE.get(art, art.value)}")

    def fehler(self, fehler: OSError, ordner: Path) -> RetryableError:
        """The error of the system as ours."""
        art = stoerung(fehler)
        name = errno.errorcode.get(fehler.errno or 0, "unbekannt")
        sonst = f"Dateisystemfehler {name}", "Laufwerk und Netzverbindung prüfen"
        was, rat = self.texte.get(art) or _TEXTE.get(art, sonst)
        return self.melde(self.code(art), ordner, was, rat)

    def melde(self, code: str, ordner: Path, was: str, rat: str) -> RetryableError:
        """Something else that a folder does not allow, in the same form."""
        hinweis = f"{self.wo} {ordner}: {was}. Bitte {rat}; {self.danach}."
        return RetryableError(code, hinweis, {"ordner": str(ordner)})

    @contextlib.contextmanager
    def uebersetzt(self, ordner: Path) -> Iterator[None]:
        """Errors of the system inside become ours; all others pass."""
        try:
            yield
        except OSError as fehler:
            raise self.fehler(fehler, ordner) from fehler


class Geschrieben(NamedTuple):
    """A file that is on the disk: SHA-256 (hex) and length in bytes."""

    sha256: str
    laenge: int


def sichere_datei(datei: IO[bytes]) -> None:
    """Make the content durable."""
    datei.flush()
    os.fsync(datei.fileno())


def sichere_ordner(ordner: Path) -> None:
    """Make names durable. Windows has no such call, and some network drives refuse it: then the drive decides."""
    if WINDOWS:
        return
    kennung = os.open(ordner, os.O_RDONLY)
    try:
        os.fsync(kennung)
    except OSError as fehler:
        if fehler.errno not in _OHNE_ORDNERSYNC:
            raise
    finally:
        os.close(kennung)


def lege_ordner_an(ordner: Path) -> None:
    """Make a folder and those above it, and their names durable."""
    fehlende = [pfad for pfad in (ordner, *ordner.parents) if not pfad.exists()]
    ordner.mkdir(parents=True, exist_ok=True)
    for neuer in fehlende:
        sichere_ordner(neuer.parent)


def schreibe(pfad: Path, stuecke: Iterable[bytes], melder: Stoermelder) -> Geschrieben:
    """Write a new file, on the disk when this returns; errors of whoever gives ``stuecke`` pass unchanged."""
    summe, laenge = hashlib.sha256(), 0
    with melder.uebersetzt(pfad.parent):
        datei = open(pfad, "xb")  # noqa: SIM115  closed below, so that reading and writing errors stay apart
    try:
        for stueck in stuecke:
            summe.update(stueck)
            laenge += len(stueck)
            with melder.uebersetzt(pfad.parent):
                datei.write(stueck)
        with melder.uebersetzt(pfad.parent):
            sichere_datei(datei)
    finally:
        with melder.uebersetzt(pfad.parent):
            datei.close()
    return Geschrieben(summe.hexdigest(), laenge)


@contextlib.contextmanager
def im_ganzen(pfad: Path, entwurf: Path | None = None) -> Iterator[IO[bytes]]:
    """A file to write that becomes ``pfad`` when the block ends, durable; nothing is left where it fails.

    What is at ``pfad`` by then stays and the new file goes. ``entwurf`` is its name until then, in the same folder.
    """
    vorlaeufig = entwurf or pfad.with_name(f".neu-{secrets.token_hex(8)}")
    try:
        with open(vorlaeufig, "xb") as datei:
            yield datei
            sichere_datei(datei)
        benenne_um(vorlaeufig, pfad)
        sichere_ordner(pfad.parent)
    finally:
        entferne(vorlaeufig)


def benenne_um(von: Path, nach: Path) -> bool:
    """Rename a file or folder; False where the name is taken. What is there is never replaced, on no system."""
    if os.path.lexists(nach):
        return False
    try:
        os.rename(von, nach)
    except OSError as fehler:
        if fehler.errno in _SCHON_DA or os.path.lexists(nach):
            return False
        raise
    return True


def entferne(pfad: Path) -> bool:
    """Delete a file, a link or a folder, as far as the system lets us; whether it is gone."""
    if os.path.isdir(pfad) and not os.path.islink(pfad):
        shutil.rmtree(pfad, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(pfad)
    return not os.path.lexists(pfad)


def nimm_weg(pfad: Path, anfang: str) -> bool:
    """Let ``pfad`` leave its place by one rename, then delete it: half of it is never seen. False if it was gone.

    What another program holds open may stay, under a name with ``anfang``, until :func:`raeume` comes again. The new
    name must not be longer than the old one where paths are near their limit: it is ``anfang`` and eight characters.
    """
    weg = pfad.with_name(f"{anfang}{secrets.token_hex(4)}")
    try:
        os.rename(pfad, weg)
    except FileNotFoundError:
        if os.path.lexists(pfad) or not os.path.isdir(pfad.parent):
            raise
        return False
    entferne(weg)
    return True


def raeume(ordner: Path, anfaenge: tuple[str, ...], weg: str, namen: Iterable[str] | None = None) -> None:
    """Take away what killed attempts left under names with ``anfaenge``; what is held open stays for the next time.

    ``namen`` are those in ``ordner`` where they are known already: a large folder takes long to list. A rename to a
    name with ``weg`` comes first, so that a writer still alive fails instead of mixing its files with those of the
    next attempt.
    """
    for name in [name for name in (os.listdir(ordner) if namen is None else namen) if name.startswith(anfaenge)]:
        with contextlib.suppress(PermissionError):
            nimm_weg(ordner / name, weg)
