"""Wohnberechtigungsschein in Mecklenburg-Vorpommern: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("mv", "fachwerk_wbs_mv")

manifest, decide = LAND.hooks("2026.11.0")
