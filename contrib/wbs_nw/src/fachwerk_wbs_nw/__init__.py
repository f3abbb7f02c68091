"""Wohnberechtigungsschein in Nordrhein-Westfalen: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("nw", "fachwerk_wbs_nw")

manifest, decide = LAND.hooks("2026.11.0")
