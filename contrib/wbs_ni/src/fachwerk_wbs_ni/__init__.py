"""Wohnberechtigungsschein in Niedersachsen: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("ni", "fachwerk_wbs_ni")

manifest, decide = LAND.hooks("2026.11.0")
