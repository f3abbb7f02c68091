"""Wohnberechtigungsschein in Bremen: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("hb", "fachwerk_wbs_hb")

manifest, decide = LAND.hooks("2026.11.0")
