"""Wohnberechtigungsschein in Thüringen: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("th", "fachwerk_wbs_th")

manifest, decide = LAND.hooks("2026.11.0")
