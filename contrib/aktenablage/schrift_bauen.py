"""Make the bundled fonts anew from the variable Noto Sans of the package ``fontpkg-noto-sans``.

    python schrift_bauen.py PATH/TO/NotoSans[wdth,wght].ttf

Four static files without layout tables: ``grund`` holds what almost every German application needs, ``voll`` adds
all of Latin, Greek and Cyrillic that Noto Sans has (and with it the letters of DIN 91379). Two sizes, because a PDF
carries its fonts whole: cutting a font for every document would cost more time than everything else.
The licence (OFL-1.1, no reserved font name) lies beside them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ZIEL = Path(__file__).parent / "src" / "fachwerk_aktenablage" / "schrift"
SCHNITTE = {"normal": ("Regular", 400), "fett": ("Bold", 700)}
GRUND = ((0x20, 0x7E), (0xA0, 0x17F), (0x218, 0x21B), (0x1E9E, 0x1E9E), (0x2010, 0x2022), (0x2026, 0x2026),
         (0x2030, 0x203A), (0x20AC, 0x20AC), (0x2212, 0x2212))  # fmt: skip
VOLL = (*GRUND,
        (0x180, 0x52F), (0x1D00, 0x1FFF), (0x2000, 0x218F), (0x2200, 0x22FF), (0x25A0, 0x26FF),
        (0x2C60, 0x2C7F), (0xA640, 0xA69F), (0xA720, 0xA7FF), (0xAB30, 0xAB6F),
        (0xFB00, 0xFB06), (0xFFFD, 0xFFFD))  # fmt: skip


def schneide(quelle: Path, schnitt: str, gewicht: int, bereiche: tuple[tuple[int, int], ...]) -> TTFont:
    """One weight with the given code points only."""
    schrift = instancer.instantiateVariableFont(TTFont(quelle, recalcTimestamp=False), {"wght": gewicht, "wdth": 100})
    for kennung, text in ((1, "Noto Sans"), (2, schnitt), (4, f"Noto Sans {schnitt}"), (6, f"NotoSans-{schnitt}")):
        schrift["name"].setName(text, kennung, 3, 1, 0x409)
    wahl = subset.Options(hinting=False, notdef_outline=True, glyph_names=False, layout_features=[])
    wahl.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "DSIG", "meta"]
    wahl.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    schere = subset.Subsetter(wahl)
    schere.populate(unicodes=[zeichen for von, bis in bereiche for zeichen in range(von, bis + 1)])
    schere.subset(schrift)
    return schrift


def masse(schrift: TTFont) -> dict[str, Any]:
    """What a PDF says about a font, in thousandths of the font size; ``zeichen``: code point, glyph, width."""
    teiler = schrift["head"].unitsPerEm / 1000
    breiten, kasten = schrift["hmtx"].metrics, schrift["head"]
    return {
        "name": schrift["name"].getDebugName(6),
        "oben": round(schrift["hhea"].ascent / teiler),
        "unten": round(schrift["hhea"].descent / teiler),
        "versalhoehe": round(schrift["OS/2"].sCapHeight / teiler),
        "kasten": [round(wert / teiler) for wert in (kasten.xMin, kasten.yMin, kasten.xMax, kasten.yMax)],
        "zeichen": [
            [nummer, schrift.getGlyphID(glyphe), round(breiten[glyphe][0] / teiler)]
            for nummer, glyphe in sorted(schrift.getBestCmap().items())
        ],
    }


def main(quelle: Path) -> None:
    """Write the four fonts and, beside each, its measures."""
    for name, (schnitt, gewicht) in SCHNITTE.items():
        for umfang, bereiche in (("grund", GRUND), ("voll", VOLL)):
            datei = ZIEL / f"noto-sans-{umfang}-{name}.ttf"
            schneide(quelle, schnitt, gewicht, bereiche).save(datei)
            text = json.dumps(masse(TTFont(datei)), separators=(",", ":"))
            datei.with_suffix(".json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
