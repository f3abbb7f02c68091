"""A new member of the house: the fictitious one, copied and renamed so that its tests are green from the start.

The fictitious member is an installed distribution that offers itself under the entry-point group ``fachwerk.vorlage``;
its package holds the folder ``vorlage`` with what belongs beside the package (pyproject.toml, README, tests).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from keyword import iskeyword
from pathlib import Path, PurePosixPath

from fachwerk.errors import ConfigError, ContractError

GRUPPE = "fachwerk.vorlage"
BEIWERK = "vorlage"
VERTEILUNGEN = {"regeln": "fachwerk-musterland", "adapter": "fachwerk-muster-fachverfahren"}
"""Which distribution offers the template of a kind."""

KUERZEL = "zz"
"""Code of the fictitious Land in every template."""

WURZEL = PurePosixPath()
VERGEBEN = frozenset("bw by be bb hb hh he mv ni nw rp sl sn st sh th zz".split())  # noqa: SIM905
_MUSTER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TITEL = re.compile(r"[^\W\d_][\w ()/.-]{1,59}")


@dataclass(frozen=True, slots=True)
class Namen:
    """What the new member is called in every place: ``wbs_xy`` is fachwerk-wbs-xy and fachwerk_wbs_xy."""

    name: str
    kuerzel: str
    titel: str

    @property
    def paket(self) -> str:
        """The Python package."""
        return f"fachwerk_{self.name}"

    @property
    def verteilung(self) -> str:
        """The distribution."""
        return self.paket.replace("_", "-")


def benenne(name: str, kuerzel: str = "", titel: str = "") -> Namen:
    """Check the name and derive what was not given; raises ``ConfigError`` that says what is allowed."""
    name = name.replace("-", "_")
    if not _MUSTER.fullmatch(name) or len(name) > 40:
        text = f"{name!r} geht nicht als Name: erlaubt sind kleine Buchstaben (ohne Umlaute), Ziffern und einzelne "
        raise _falsch(text + "Unterstriche, zuerst ein Buchstabe, höchstens 40 Zeichen. Beispiel: wbs_xy.")
    if iskeyword(name) or name in ("core", "testkit"):
        raise _falsch(
            f"{name!r} ist ein Wort des Programms. Bitte einen anderen Namen wählen, zum Beispiel {name}_regeln."
        )
    if name.startswith("fachwerk"):
        raise _falsch(f"{name!r}: „fachwerk“ kommt von selbst davor. Bitte nur den Rest nennen.")
    if kuerzel and not re.fullmatch(r"[a-z]{2}", kuerzel):
        raise _falsch(f"Das Kürzel {kuerzel!r} muss aus zwei kleinen Buchstaben bestehen, zum Beispiel xy.")
    if titel and not _TITEL.fullmatch(titel):
        raise _falsch(f"Der Titel {titel!r} geht nicht: erlaubt sind Buchstaben, Ziffern, Leerzeichen und ( ) / . -")
    if metadata.entry_points(group="fachwerk", name=name):
        raise _falsch(f"Ein Plugin {name!r} ist schon installiert. Bitte einen anderen Namen wählen.")
    return Namen(name, kuerzel or _kuerzel(name), titel or _titel(name))


def _falsch(text: str) -> ConfigError:
    return ConfigError("vorlage_name", text, schluessel="NAME")


def _titel(name: str) -> str:
    """A name for people; of ``wbs_xy`` only the code is left to go by."""
    wort = name.removeprefix("wbs_")
    return f"Land {wort.upper()}" if len(wort) == 2 else wort.replace("_", " ").title()


def _kuerzel(name: str) -> str:
    """The two letters at the end (``wbs_xy``), else two letters of the name that no Land has."""
    if re.search(r"_[a-z]{2}$", name):
        return name[-2:]
    buchstaben = re.sub(r"[^a-z]", "", name)
    paare = [buchstaben[0] + zweiter for zweiter in buchstaben[1:] + "xqjkvw"]
    return next(paar for paar in paare if paar not in VERGEBEN)


def lege_an(art: str, namen: Namen, ordner: Path) -> Path:
    """Copy the template of ``art`` into ``ordner / name``; nothing is overwritten, and nothing half done is left.

    Raises ``ConfigError`` if no template is installed or the folder exists.
    """
    paket = _vorlage(art)
    ziel = ordner / namen.name
    if ziel.exists():
        raise ConfigError("vorlage_ziel", f"{ziel} gibt es schon; es wurde nichts geändert.", schluessel="--in")
    try:
        ordner.mkdir(parents=True, exist_ok=True)
        entwurf = Path(tempfile.mkdtemp(prefix=f".{namen.name}-", dir=ordner))
        try:
            for pfad, text in dateien(paket, namen):
                (entwurf / pfad).parent.mkdir(parents=True, exist_ok=True)
                (entwurf / pfad).write_text(text, encoding="utf-8")
            entwurf.chmod(0o755)
            entwurf.rename(ziel)
        finally:
            shutil.rmtree(entwurf, ignore_errors=True)
    except OSError as fehler:
        text = f"In {ordner} lässt sich nichts anlegen: {fehler.strerror}."
        raise ConfigError("vorlage_ziel", text, schluessel="--in") from None
    return ziel


def _vorlage(art: str) -> str:
    punkte = list(metadata.entry_points(group=GRUPPE, name=art))
    if not punkte:
        text = f"Es ist keine Vorlage für „{art}“ installiert. Bitte das Paket {VERTEILUNGEN[art]} installieren."
        raise ConfigError("vorlage_fehlt", text, schluessel="plugins")
    return punkte[0].value


def dateien(paket: str, namen: Namen) -> Iterator[tuple[PurePosixPath, str]]:
    """Every file of the copy with its path below the new folder and its renamed text."""
    wurzel = resources.files(paket)
    if not (wurzel / BEIWERK).is_dir():
        raise ContractError("vorlage_unvollstaendig", f"Dem Paket {paket} fehlt der Ordner {BEIWERK}.")
    for pfad, datei in _alle(wurzel):
        neu = PurePosixPath(umbenannt(pfad.as_posix(), paket, namen))
        neu = PurePosixPath(*neu.parts[1:]) if pfad.parts[0] == BEIWERK else PurePosixPath("src", namen.paket) / neu
        yield neu, umbenannt(datei.read_text(encoding="utf-8"), paket, namen)


def _alle(ordner: Traversable, vor: PurePosixPath = WURZEL) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for eintrag in sorted(ordner.iterdir(), key=lambda e: e.name):
        if eintrag.name == "__pycache__" or eintrag.name.startswith("."):
            continue
        if eintrag.is_dir():
            yield from _alle(eintrag, vor / eintrag.name)
        else:
            yield vor / eintrag.name, eintrag


def umbenannt(text: str, paket: str, namen: Namen) -> str:
    """``text`` with package, distribution, plugin, title and code of the template replaced, in one pass."""
    wort = paket.removeprefix("fachwerk_")
    ersatz = {
        paket: namen.paket,
        paket.replace("_", "-"): namen.verteilung,
        wort: namen.name,
        wort.replace("_", "-"): namen.name if "_" not in wort else namen.name.replace("_", "-"),
        f"Test{_am_stueck(wort)}": f"Test{_am_stueck(namen.name)}",
        wort.replace("_", "").title(): namen.titel,
        KUERZEL: namen.kuerzel,
    }
    muster = "|".join(rf"\b{re.escape(alt)}\b" for alt in sorted(ersatz, key=len, reverse=True))
    return re.sub(muster, lambda treffer: ersatz[treffer.group()], text)


def _am_stueck(wort: str) -> str:
    """``muster_fachverfahren`` as a class bears it."""
    return "".join(teil.title() for teil in wort.split("_"))
