"""What ``fachwerk plugins list`` and ``fachwerk leistungen list`` show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fachwerk.katalog import Leistung
    from fachwerk.plugins import Plugins


def plugin_zeilen() -> list[dict[str, Any]]:
    """All installed plugins in name order, as JSON fields; ``fehler`` says why one cannot be used."""
    from fachwerk.plugins import installierte, lade_soweit

    namen = installierte()
    plugins, probleme = lade_soweit(namen)
    fehler: dict[str, list[str]] = {name: [] for name in namen}
    for problem in probleme:
        fehler.setdefault(problem.details.get("plugin", ""), []).append(problem.hint)
    return [_plugin(plugins, name, fehler[name]) for name in sorted(namen)]


def _plugin(plugins: Plugins, name: str, fehler: list[str]) -> dict[str, Any]:
    manifest = plugins.manifest(name) if name in plugins.namen else None
    return {
        "name": name,
        "version": manifest.version if manifest else "–",
        "arten": sorted(art.value for art in manifest.arten) if manifest else [],
        "titel": manifest.titel if manifest else "",
        "formate": [angabe.name for angabe in manifest.formate] if manifest else [],
        "leistungen": sorted(manifest.leistungen) if manifest else [],
        "laender": sorted(manifest.laender) if manifest else [],
        "idempotenz": manifest.idempotenz.value if manifest else None,
        "befehle": _befehle(plugins, name, manifest.gruppe) if manifest else "",
        "fehler": fehler,
    }


def _befehle(plugins: Plugins, name: str, gruppe: str) -> str:
    if not plugins.hat(name, "register_commands"):
        return ""
    return f"fachwerk {gruppe}" if gruppe else f"fachwerk x {name.replace('_', '-')}"


def leistung_zeile(leistung: Leistung) -> dict[str, Any]:
    """One service of the catalogue, as JSON fields; null is unknown."""
    return {
        "wort": leistung.wort,
        "titel": leistung.titel,
        "leika": list(leistung.leika_ids) or None,
        "ozg": leistung.ozg_id,
        "dvdv_praefixe": None if leistung.dvdv_praefixe is None else [m.wert for m in leistung.dvdv_praefixe],
        "rechtsgrundlage": leistung.rechtsgrundlage,
    }
