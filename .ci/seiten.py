"""The pages of the documentation, laid out for the site: ``seiten.py ORDNER`` fills the folder for ``zensical build``.

The pages of ``docs/`` stand where they are, the read-mes beside the code keep their paths. A link from page to page
stays a link; one to a file that is no page of the site becomes its path as text, because the site travels alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

WURZEL = Path(__file__).resolve().parents[1]
DOCS = WURZEL / "docs"
EINRICHTUNG = DOCS / "website" / "zensical.toml"
NEBEN_DEM_CODE = ("CONTRIBUTING.md", "bench/README.md", "betrieb/*.md", "plugins/*/*.md", "contrib/*/*.md")
_VERWEIS = re.compile(r"(?P<bild>!?)\[(?P<text>[^\[\]]*)\]\((?P<ziel>[^)#:\s]+)(?P<anker>#[^)]*)?\)")
_ZAUN = re.compile(r"^ *(```|~~~)")


def seiten() -> dict[PurePosixPath, PurePosixPath]:
    """Path in the repository → path on the site, of every page."""
    docs = {datei.relative_to(WURZEL): datei.relative_to(DOCS) for datei in DOCS.rglob("*.md")}
    andere = [datei.relative_to(WURZEL) for muster in NEBEN_DEM_CODE for datei in WURZEL.glob(muster)]
    alle = docs | {pfad: pfad for pfad in andere if pfad.name != "CHANGELOG.md"}
    return {PurePosixPath(von.as_posix()): PurePosixPath(nach.as_posix()) for von, nach in sorted(alle.items())}


def einrichtung() -> str:
    """docs/website/zensical.toml with every page instead of the stars."""
    namen = {str(nach): von for von, nach in seiten().items()}

    def einzeln(treffer: re.Match[str]) -> str:
        pfade = [name for name in namen if PurePosixPath(name).match(treffer[1])]
        eintraege = [f"{{ {_toml(ueberschrift(namen[pfad]))} = {_toml(pfad)} }}" for pfad in pfade]
        return f"[{', '.join(eintraege)}]"

    return re.sub(r'"([^"\n]*\*[^"\n]*\.md)"', einzeln, EINRICHTUNG.read_text(encoding="utf-8"))


def ueberschrift(seite: PurePosixPath) -> str:
    """The first heading of a page, by its path in the repository."""
    return (WURZEL / seite).read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def navigation() -> list[str]:
    """Every page the navigation names, in its order."""
    return list(_ziele(tomllib.loads(einrichtung())["project"]["nav"]))


def _ziele(teil: Any) -> Iterator[str]:
    for eintrag in teil:
        for ziel in eintrag.values():
            yield from [ziel] if isinstance(ziel, str) else _ziele(ziel)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def umgeschrieben(text: str, von: PurePosixPath, alle: dict[PurePosixPath, PurePosixPath]) -> str:
    """``text`` of the page ``von`` (its path in the repository) with the links of its place on the site."""

    def verweis(treffer: re.Match[str]) -> str:
        ziel = PurePosixPath(os.path.normpath(von.parent / treffer["ziel"]))
        neu = alle.get(ziel) or alle.get(ziel / "README.md")
        if treffer["bild"]:
            neu = ziel.relative_to("docs")
        if neu is None:
            return f"{treffer['text'].strip('`')} (`{ziel}`)"
        return f"{treffer['bild']}[{treffer['text']}]({os.path.relpath(neu, alle[von].parent)}{treffer['anker'] or ''})"

    zeilen, im_zaun = [], False
    for zeile in text.split("\n"):
        im_zaun ^= bool(_ZAUN.match(zeile))
        zeilen.append(zeile if im_zaun else _VERWEIS.sub(verweis, zeile))
    return "\n".join(zeilen)


def main(ordner: Path) -> int:
    """Write everything ``zensical build`` needs into ``ordner``, which is emptied first."""
    shutil.rmtree(ordner, ignore_errors=True)
    alle = seiten()
    for von, nach in alle.items():
        datei = ordner / "docs" / nach
        datei.parent.mkdir(parents=True, exist_ok=True)
        datei.write_text(umgeschrieben((WURZEL / von).read_text(encoding="utf-8"), von, alle), encoding="utf-8")
    shutil.copytree(DOCS / "bilder", ordner / "docs/bilder")
    shutil.copy(EINRICHTUNG.with_name("suche.js"), ordner / "docs")
    (ordner / "thema").mkdir()
    shutil.copy(EINRICHTUNG.with_name("main.html"), ordner / "thema")
    (ordner / "zensical.toml").write_text(einrichtung(), encoding="utf-8")
    fehlt = {str(nach) for nach in alle.values()} ^ set(navigation())
    if fehlt:
        print(f"docs/website/zensical.toml und die Seiten passen nicht zusammen: {', '.join(sorted(fehlt))}")
    return 1 if fehlt else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
