"""The bundle that installs without a network: ``buendel.py ORDNER [DISTRIBUTION…]`` fills the folder.

Our wheels are built here; foreign ones come from where pip is set up to look, in the versions installed here. With
names of distributions only these and what they need go in (for the tests).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path

from lieferung import eigene, lieferung, lizenzliste, maengel, stueckliste
from pakete import mitglieder, normiert
from pruefsummen import auswahl

BEIWERK = Path(__file__).with_name("buendel")
BETRIEB = Path(__file__).resolve().parents[1] / "betrieb"


def gebraucht(namen: Collection[str]) -> dict[str, str]:
    """Name → version of the foreign packages that ``namen`` need, directly or not."""
    alle, offen, fremde = lieferung(), [normiert(name) for name in namen], {}
    gesehen: set[str] = set()
    while offen:
        name = offen.pop()
        if name in gesehen:
            continue
        gesehen.add(name)
        paket, folgen = alle[name]
        offen += folgen
        if name.split("-")[0] != "fachwerk":
            fremde[name] = paket.version
    return dict(sorted(fremde.items()))


def baue_unsere(ordner: Path, namen: Collection[str]) -> None:
    """The wheels of ``namen`` into ``ordner``."""
    for datei in mitglieder():
        if tomllib.loads(datei.read_text(encoding="utf-8"))["project"]["name"] in namen:
            befehl = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(ordner)]
            subprocess.run(befehl, cwd=datei.parent, check=True, capture_output=True)  # noqa: S603


def hole_fremde(ordner: Path, fassungen: Collection[str]) -> None:
    """The wheels of ``fassungen`` (``name==version``) into ``ordner``, if their sums are those of ``pruefsummen.txt``.

    What is no wheel yet becomes one.
    """
    liste = ordner.parent / "gefragt.txt"
    liste.write_text(auswahl(fassungen), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "wheel", "-qq", "--disable-pip-version-check"]
    befehl = [*pip, "--require-hashes", "--no-deps", "-w", str(ordner), "-r", str(liste)]
    subprocess.run(befehl, check=True)  # noqa: S603
    liste.unlink()


def _summe(datei: Path) -> str:
    return hashlib.sha256(datei.read_bytes()).hexdigest()


def beschreibe(ordner: Path, namen: Collection[str], fremde: dict[str, str]) -> None:
    """Everything in the bundle that is not a wheel; the checksums last."""
    for datei in BEIWERK.iterdir():
        shutil.copy(datei, ordner / datei.name)
    for teil in ("systemd", "windows", "container"):
        shutil.copytree(BETRIEB / teil, ordner / "betrieb" / teil)
    raeder = {normiert(rad.name.split("-")[0]): _summe(rad) for rad in (ordner / "raeder").glob("*.whl")}
    texte = {
        "anforderungen.txt": "\n".join(sorted(namen)),
        "constraints.txt": "\n".join(f"{name}=={version}" for name, version in fremde.items()),
        "PYTHON": ".".join(map(str, sys.version_info[:2])),
        "LIZENZEN.md": lizenzliste().rstrip(),
        "stueckliste.cdx.json": json.dumps(stueckliste(raeder), indent=1),
    }
    for name, text in texte.items():
        (ordner / name).write_text(text + "\n", encoding="utf-8", newline="\n")
    dateien = sorted(pfad for pfad in ordner.rglob("*") if pfad.is_file())
    summen = [f"{_summe(pfad)}  {pfad.relative_to(ordner).as_posix()}\n" for pfad in dateien]
    (ordner / "PRUEFSUMMEN").write_text("".join(summen), encoding="utf-8", newline="\n")


def main(ordner: Path, namen: Collection[str]) -> int:
    """Build the bundle, unless a licence forbids to give it away."""
    if schlecht := list(maengel(lieferung())):
        print("LIZENZ FEHLT ODER IST NICHT ERLAUBT:", *schlecht, sep="\n  ")
        return 1
    shutil.rmtree(ordner, ignore_errors=True)
    (ordner / "raeder").mkdir(parents=True)
    fremde = gebraucht(namen)
    baue_unsere(ordner / "raeder", namen)
    hole_fremde(ordner / "raeder", [f"{name}=={version}" for name, version in fremde.items()])
    beschreibe(ordner, namen, fremde)
    raeder = list((ordner / "raeder").glob("*.whl"))
    groesse = sum(rad.stat().st_size for rad in raeder) // 2**20
    print(f"{len(raeder)} Räder, {groesse} MiB, in {ordner}; LIESMICH.md sagt, wie es weitergeht.")
    return 0 if len(raeder) == len(namen) + len(fremde) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:] or eigene()))
