"""Looks into the wheels: ``inhalt.py ORDNER`` names each that carries too little or too much, and ends with 1 then."""

from __future__ import annotations

import sys
import tomllib
import zipfile
from pathlib import Path

from pakete import mitglieder

GROESSTES = {"fachwerk": 720, "fachwerk_aktenablage": 480, "fachwerk_generic_xta": 224, "fachwerk_wbs": 160}
"""KiB of a wheel: the core with its console, fonts, a whole protocol, federal law. Whoever needs more says so here."""

UEBRIGE, LAND = 96, 32
"""KiB of any other wheel, and of the rules of one Land."""

FREMD = (".pyc", ".orig", ".rej", ".swp", ".db", ".key")


def grenze(name: str) -> int:
    """Bytes the wheel of a package may have."""
    land = name.startswith("fachwerk_wbs_") and len(name) == len("fachwerk_wbs_xx")
    return 1024 * GROESSTES.get(name, LAND if land else UEBRIGE)


def maengel(rad: Path, projekt: Path) -> list[str]:
    """What is wrong with the wheel of the distribution that lies in ``projekt``."""
    with zipfile.ZipFile(rad) as archiv:
        namen = [name for name in archiv.namelist() if not name.endswith("/")]
    quelle = next(pfad for pfad in (projekt / "src").iterdir() if (pfad / "__init__.py").exists())
    soll = {p.relative_to(projekt / "src").as_posix() for p in quelle.rglob("*") if p.is_file()}
    ist = {name for name in namen if not name.split("/")[0].endswith(".dist-info")}
    fehlt = sorted(name for name in soll - ist if "__pycache__" not in name)
    fremd = sorted(name for name in ist if name.endswith(FREMD) or "__pycache__" in name or name not in soll)
    groesse, erlaubt = rad.stat().st_size // 1024, grenze(quelle.name) // 1024
    return [
        *(f"{name} fehlt" for name in fehlt),
        *(f"{name} gehört nicht hinein" for name in fremd),
        *(["py.typed fehlt"] if f"{quelle.name}/py.typed" not in ist else []),
        *(["LICENSE fehlt"] if not any(name.rsplit("/")[-1] == "LICENSE" for name in namen) else []),
        *([f"ist {groesse} KiB groß, erlaubt sind {erlaubt}"] if groesse >= erlaubt else []),
    ]


def main(ordner: Path) -> int:
    """Every distribution has exactly one wheel, and in it what belongs there."""
    alle, gesamt = [], 0
    for datei in mitglieder():
        projekt = tomllib.loads(datei.read_text(encoding="utf-8"))["project"]
        raeder = list(ordner.glob(f"{projekt['name'].replace('-', '_')}-{projekt['version']}-py3-none-any.whl"))
        gefunden = maengel(raeder[0], datei.parent) if len(raeder) == 1 else [f"{len(raeder)} Räder statt eines"]
        alle += [f"{projekt['name']}: {mangel}" for mangel in gefunden]
        gesamt += sum(rad.stat().st_size for rad in raeder)
        print(*(f"{rad.stat().st_size / 1024:6.0f} KiB  {projekt['name']}" for rad in raeder), sep="\n")
    print("\n".join(alle) or f"{len(mitglieder())} Räder, zusammen {gesamt // 1024} KiB, vollständig und ohne Fremdes.")
    return 1 if alle else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
