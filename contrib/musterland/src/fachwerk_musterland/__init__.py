"""Wohnberechtigungsschein in Musterland: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("zz", "fachwerk_musterland")

manifest, decide = LAND.hooks("2026.11.0", "musterland")
