"""Rule files of a Land: ``land.yaml``, parameters and worked cases; what is not known stays unknown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path

from geruest import Ziel, arbeitsordner

from fachwerk.errors import ConfigError, ContractError, NeedsHumanError
from fachwerk.parameter import Fassung, Unbekannt, lade_parameter
from fachwerk.regeln import wert_text
from fachwerk_wbs.landesordner import lies_ordner
from fachwerk_wbs.landestest import abweichungen, lies_musterfaelle

_MUSTERLAND = Path(str(resources.files("fachwerk_musterland")))
_TAGE = (date.min, date(2019, 12, 31), date(2024, 1, 1), date(2026, 3, 2), date.max)


def lauf(daten: bytes) -> None:
    """First byte: which file of the package the rest replaces: ``l`` land.yaml, ``f`` cases, else parameters."""
    art, inhalt = daten[:1], daten[1:]
    ordner = arbeitsordner() / "land"
    if not ordner.exists():
        shutil.copytree(_MUSTERLAND, ordner)
    ziel = ordner / {b"l": "land.yaml", b"f": "faelle/faelle.yaml"}.get(art, "parameter/einkommensgrenzen.yaml")
    ziel.write_bytes(inhalt)
    try:
        if art not in (b"l", b"f"):
            _pruefe_parameter(ziel)
        land = lies_ordner(ordner)
        assert land.parameter
        assert land.kopf.code == land.code
        land.regelwerk.aenderungstage()
        if art == b"f":
            for fall in lies_musterfaelle(land)[:2]:
                assert isinstance(abweichungen(fall, land), list)
    finally:
        shutil.copyfile(_MUSTERLAND / ziel.relative_to(ordner), ziel)


def _pruefe_parameter(datei: Path) -> None:
    for parameter in lade_parameter(datei).values():
        for tag in _TAGE:
            stand = parameter.fassung_am(tag)
            if isinstance(stand, Fassung):
                assert stand.wert is not None
                assert stand.beleg != "C"
                wert_text(stand.wert)
            elif isinstance(stand, Unbekannt):
                assert stand.luecken[0].text
            parameter.vor_beginn(tag)


def saat() -> Iterator[bytes]:
    def gekuerzt(name: str, hoechstens: int = 4000) -> bytes:
        zeilen = (_MUSTERLAND / name).read_text(encoding="utf-8").splitlines()
        text = "\n".join(zeile for zeile in zeilen if not zeile.lstrip().startswith("#"))
        return text[: text.rfind("\n\n", 0, hoechstens) + 1 or hoechstens].encode()

    yield b"l" + gekuerzt("land.yaml", 8000)
    for name in ("einkommensgrenzen", "einkommen", "bescheinigung", "freibetraege"):
        yield b"p" + gekuerzt(f"parameter/{name}.yaml")
    yield b"f" + gekuerzt("faelle/faelle.yaml", 2500)
    yield b"p" + (
        b"stufe_x:\n  titel: X\n  einheit: EUR\n  geprueft_am: '2026-01-01'\n  fassungen:\n    - ab: null\n"
        b"      nicht_vor: '2021-05-01'\n      spaetestens: '2022-01-01'\n"
        b"      wert: {p1: 1, p2: 2, weitere: 3.5, kind: null}\n"
        b"      fundstelle: x\n      beleg: C\n      quelle: [a, b]\n"
    )


ZIEL = Ziel(
    name="regeldatei",
    was="rule files of a Land: YAML, parameters, conditions, worked cases",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk.parameter", "fachwerk.regeln", "fachwerk_wbs"),
    erlaubt=(ContractError, ConfigError, NeedsHumanError),
    verschwiegen=False,
    woerter=(
        b"&a ", b"*a", b"<<: *a", b"? [a]\n: b\n", b"[[[[[[[[", b"null", b"!!binary QQ==", b"!!set {a}",
        b"!!timestamp x", b".nan", b".inf", b"-.inf", b"1e400", b"1e-400", b"0x1F", b"1:30", b"0000-00-00",
        b"9999-12-31", b"0001-01-01", b"wenn: [", b"{angabe: x, ist: y}", b"wert: null", b"beleg: C", b"ab: null",
        b"ende: true", b"stufe_", b"freibetrag_", b"nicht_angerechnet_", b"bund: ", b"\n  ", b": ", b"- ",
        b"merkmale:", b"1.0e+999999999", b"haushaltstabelle", b"grenze_1", b"20260302", b"2026-W10-1", b"yes",
        b"~", b"''",
    ),
)  # fmt: skip
