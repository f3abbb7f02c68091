"""Wohnberechtigungsschein in Schleswig-Holstein: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("sh", "fachwerk_wbs_sh")

manifest, decide = LAND.hooks("2026.11.0")
