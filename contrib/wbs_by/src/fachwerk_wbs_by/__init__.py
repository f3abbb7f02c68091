"""Wohnberechtigungsschein in Bayern: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("by", "fachwerk_wbs_by")

manifest, decide = LAND.hooks("2026.11.0")
