"""A Land's package as a folder on disk, installed or not."""

from __future__ import annotations

from pathlib import Path

from fachwerk.errors import ContractError
from fachwerk.regeln import lies_yaml
from fachwerk_wbs.land import Land


def lies_ordner(ordner: Path) -> Land:
    """The Land in ``ordner``: the folder of the distribution (with ``src``), or that of the package itself.

    Raises ``ContractError`` if there is no ``land.yaml``, or none with a code.
    """
    dateien = sorted({*ordner.glob("land.yaml"), *ordner.glob("src/*/land.yaml"), *ordner.glob("*/land.yaml")})
    if len(dateien) != 1:
        wie = "keine Datei land.yaml" if not dateien else "mehrere Dateien land.yaml"
        text = f"In {ordner} liegt {wie}. Erwartet wird der Ordner eines Regelpakets (siehe docs/regel.md)."
        raise ContractError("wbs_ordner", text)
    [datei] = dateien
    try:
        roh = lies_yaml(datei.read_text(encoding="utf-8"), str(datei))
        for andere in (*datei.parent.glob("parameter/*.yaml"), *datei.parent.glob("faelle/*.yaml")):
            andere.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ContractError("wbs_ordner", f"In {datei.parent} ist eine Datei kein Text in UTF-8.") from None
    if not isinstance(roh, dict) or not isinstance(roh.get("code"), str):
        raise ContractError("wbs_ordner", f"{datei}: Es fehlt das Kürzel (code).")
    return Land(roh["code"], datei.parent.name, datei.parent)
