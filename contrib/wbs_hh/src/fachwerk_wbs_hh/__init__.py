"""Wohnberechtigungsschein in Hamburg: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("hh", "fachwerk_wbs_hh")

manifest, decide = LAND.hooks("2026.11.0")
