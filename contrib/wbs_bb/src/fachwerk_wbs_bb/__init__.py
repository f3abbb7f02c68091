"""Wohnberechtigungsschein in Brandenburg: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("bb", "fachwerk_wbs_bb")

manifest, decide = LAND.hooks("2026.11.0")
