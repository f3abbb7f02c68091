"""The third-party packages of all distributions of this repository.

``pakete.py`` prints what they ask for, one requirement a line (standard library only: runs before anything is
installed). ``pakete.py --festschreiben`` prints the pinned versions of these packages and of everything they
need, as installed in the running environment: the content of ``constraints.txt``. Without addresses of any kind.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

WURZEL = Path(__file__).resolve().parents[1]


def mitglieder(wurzel: Path = WURZEL) -> list[Path]:
    """The pyproject.toml of every distribution, core first."""
    return [wurzel / "core" / "pyproject.toml"] + [
        datei for ordner in ("plugins", "contrib") for datei in sorted(wurzel.glob(f"{ordner}/*/pyproject.toml"))
    ]


def normiert(name: str) -> str:
    """The name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_von(anforderung: str) -> str:
    """``httpx[http2]>=0.27; python_version > "3"`` → ``httpx``."""
    treffer = re.match(r"[A-Za-z0-9._-]+", anforderung.strip())
    assert treffer is not None, anforderung
    return normiert(treffer.group())


def _angaben(datei: Path) -> list[str]:
    inhalt = tomllib.loads(datei.read_text(encoding="utf-8"))
    projekt = inhalt.get("project", {})
    listen = [projekt.get("dependencies", []), inhalt.get("build-system", {}).get("requires", [])]
    listen += projekt.get("optional-dependencies", {}).values()
    listen += inhalt.get("dependency-groups", {}).values()
    return [angabe for liste in listen for angabe in liste]


def anforderungen(wurzel: Path = WURZEL) -> list[str]:
    """All requirements on foreign packages, sorted, without duplicates and without our own distributions."""
    alle = {angabe for datei in [wurzel / "pyproject.toml", *mitglieder(wurzel)] for angabe in _angaben(datei)}
    return sorted(angabe for angabe in alle if name_von(angabe).split("-")[0] != "fachwerk")


def festgeschrieben(wurzel: Path = WURZEL) -> list[str]:
    """``name==version`` of every installed package that is needed, directly or not."""
    from packaging.requirements import Requirement

    offen, gesehen, stand = [Requirement(angabe) for angabe in anforderungen(wurzel)], set(), {}
    while offen:
        anforderung = offen.pop()
        schluessel = (normiert(anforderung.name), frozenset(anforderung.extras))
        if schluessel in gesehen:
            continue
        gesehen.add(schluessel)
        try:
            paket = distribution(anforderung.name)
        except PackageNotFoundError:
            sys.exit(f"{anforderung.name} ist nicht installiert: erst 'make setup', dann 'make constraints'.")
        stand[schluessel[0]] = paket.version
        for angabe in paket.requires or ():
            folge = Requirement(angabe)
            extras = [*anforderung.extras, ""]
            if folge.marker is None or any(folge.marker.evaluate({"extra": extra}) for extra in extras):
                offen.append(folge)
    return [f"{name}=={version}" for name, version in sorted(stand.items())]


if __name__ == "__main__":
    zeilen = festgeschrieben() if "--festschreiben" in sys.argv[1:] else anforderungen()
    print("\n".join(zeilen))
