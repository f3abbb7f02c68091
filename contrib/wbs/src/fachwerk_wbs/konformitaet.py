"""The contract tests of every installed Land, named by each of them in ``fachwerk.konformitaet``: a class each."""

from __future__ import annotations

from importlib import import_module, metadata

from fachwerk_wbs.land import GRUPPE
from fachwerk_wbs.landestest import LandContract

for _punkt in sorted(metadata.entry_points(group=GRUPPE)):
    _paket = import_module(_punkt.module)
    _name = "Test" + "".join(teil.title() for teil in _paket.manifest().name.split("_"))
    globals()[_name] = type(_name, (LandContract,), {"plugin": _paket, "__module__": __name__})
