"""The rules of Musterland keep the contract: cases, limits, change dates, citations, purity."""

from __future__ import annotations

import fachwerk_musterland
from fachwerk_wbs.landestest import LandContract


class TestMusterland(LandContract):
    """Everything is inherited; a case more in ``faelle/*.yaml`` is a test more."""

    plugin = fachwerk_musterland
