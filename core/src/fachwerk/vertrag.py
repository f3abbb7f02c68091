"""What the contract demands of a plugin before it may run: known hooks, their arguments, a fitting manifest.

Nothing is raised here: every shortcoming becomes a :class:`ConfigError`, so that all of them can be reported at once.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pluggy

from fachwerk import hookspecs
from fachwerk.errors import ConfigError
from fachwerk.konfigfehler import meinten_sie
from fachwerk.modell import (
    Antrag,
    Art,
    Idempotenz,
    Manifest,
    Quittung,
    Sendung,
    Votum,
)

_NICHTS = type(None)

RUECKGABE: Mapping[str, tuple[type, ...]] = {
    "manifest": (Manifest,),
    "receive": (Iterator,),
    "acknowledge": (_NICHTS,),
    "list_waiting": (list,),
    "map": (Antrag,),
    "validate": (list,),
    "decide": (Votum, _NICHTS),
    "render": (Sendung,),
    "deliver": (Quittung,),
    "find_delivered": (Quittung, _NICHTS),
    "forget": (_NICHTS,),
    "check": (list,),
    "register_commands": (_NICHTS,),
    "on_step": (_NICHTS,),
}
"""What each hook may return; lists hold Befunde, unless :data:`INHALT_DER_LISTE` says otherwise."""

INHALT_DER_LISTE: Mapping[str, type] = {"list_waiting": str}

ARGUMENTE: Mapping[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(getattr(hookspecs, name)).parameters) for name in RUECKGABE
}

PFLICHT: Mapping[Art, tuple[tuple[str, ...], ...]] = {
    Art.KANAL: (("receive",), ("acknowledge",), ("check",)),
    Art.FORMAT: (("map",),),
    Art.REGELN: (("decide", "validate"),),
    Art.ZIEL: (("render",), ("deliver",), ("check",)),
}
"""Hooks a kind must have; of an inner tuple one is enough."""


def pruefe_modul(manager: pluggy.PluginManager, name: str, modul: object) -> tuple[list[ConfigError], Manifest | None]:
    probleme = list(_hook_maengel(manager, name, modul))
    if probleme:
        return probleme, None
    try:
        manager.register(modul, name)
    except (ValueError, pluggy.PluginValidationError) as ausnahme:
        return [mangel("plugin_vertrag", name, f"wird nicht angenommen: {type(ausnahme).__name__}")], None
    manifest, probleme = _pruefe_manifest(manager, name)
    if probleme:
        manager.unregister(name=name)
        return probleme, None
    return [], manifest


def _hook_maengel(manager: pluggy.PluginManager, name: str, modul: object) -> Iterator[ConfigError]:
    hooks: list[str] = []
    for attribut in dir(modul):
        angaben = manager.parse_hookimpl_opts(modul, attribut)
        if angaben is None:
            continue
        hook = angaben.get("specname") or attribut
        hooks.append(hook)
        yield from _signatur_maengel(name, hook, attribut, getattr(modul, attribut))
        if angaben.get("wrapper") or angaben.get("hookwrapper"):
            yield mangel("hook_umhuellt", name, f"darf den Hook „{hook}“ nicht umhüllen (wrapper)")
    if "manifest" not in hooks:
        yield mangel("manifest_fehlt", name, "hat keinen Hook „manifest“")
    for hook in sorted({hook for hook in hooks if hooks.count(hook) > 1}):
        yield mangel("hook_doppelt", name, f"implementiert den Hook „{hook}“ mehrfach")


def _signatur_maengel(name: str, hook: str, attribut: str, funktion: Any) -> Iterator[ConfigError]:
    if hook not in ARGUMENTE:
        yield mangel("hook_unbekannt", name, f"hat einen unbekannten Hook „{hook}“.{meinten_sie(hook, ARGUMENTE)}")
        return
    for parameter in inspect.signature(funktion).parameters.values():
        wo = f"im Hook „{hook}“ (Funktion {attribut})"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            yield mangel("hook_argument", name, f"nimmt {wo} beliebige Argumente; sie sind einzeln zu nennen")
        elif parameter.name not in ARGUMENTE[hook]:
            rat = meinten_sie(parameter.name, ARGUMENTE[hook])
            yield mangel("hook_argument", name, f"hat {wo} ein unbekanntes Argument „{parameter.name}“.{rat}")
        elif parameter.default is not parameter.empty:
            yield mangel("hook_vorgabe", name, f"gibt {wo} dem Argument „{parameter.name}“ einen Vorgabewert")


def _pruefe_manifest(manager: pluggy.PluginManager, name: str) -> tuple[Manifest | None, list[ConfigError]]:
    try:
        antworten = manager.subset_hook_caller("manifest", andere_als(manager, name))()
    except Exception as ausnahme:
        grund = f"kann sein Manifest nicht nennen: {type(ausnahme).__name__}"
        return None, [mangel("manifest_fehler", name, grund)]
    manifest = antworten[0] if antworten else None
    if not isinstance(manifest, Manifest):
        return None, [mangel("manifest_typ", name, f"gibt als Manifest {type(manifest).__name__} zurück")]
    return manifest, list(_manifest_maengel(manager, name, manifest))


def _manifest_maengel(manager: pluggy.PluginManager, name: str, manifest: Manifest) -> Iterator[ConfigError]:
    plugin = manager.get_plugin(name)
    hooks = {ruf.name for ruf in manager.get_hookcallers(plugin) or []}
    if manifest.name != name:
        yield mangel("manifest_name", name, f"nennt sich im Manifest „{manifest.name}“")
    for art in sorted(manifest.arten):
        for wahl in PFLICHT[art]:
            if art is Art.REGELN and manifest.gruppe:
                continue  # what others build on, with commands of its own, need not judge itself
            if not hooks & set(wahl):
                fehlt = " oder ".join(f"„{hook}“" for hook in wahl)
                yield mangel("hook_fehlt", name, f"ist ein Plugin der Art {art.value}, hat aber keinen Hook {fehlt}")
    if manifest.idempotenz is Idempotenz.ABFRAGE and "find_delivered" not in hooks:
        yield mangel("hook_fehlt", name, "sagt idempotenz „abfrage“ zu, hat aber keinen Hook „find_delivered“")
    modell = manifest.einstellungen.get(Art.ZIEL)
    if modell is not None and "aufbewahren_tage" in modell.model_fields and "forget" not in hooks:
        yield mangel("hook_fehlt", name, "hat den Schlüssel „aufbewahren_tage“, aber keinen Hook „forget“")
    for angabe in manifest.formate:
        if not _ist_muster(angabe.namensraum):
            yield mangel("format_muster", name, f"hat im Format „{angabe.name}“ ein unlesbares Namensraum-Muster")


def _ist_muster(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def falsch_wartende(manifeste: Mapping[str, Manifest], wartende: Collection[str]) -> list[tuple[str, ConfigError]]:
    """Formats and rules that would not be imported where nobody names them: they would be missing without a word."""
    grund = "wirkt als Format oder Regel auch ungenannt und darf nicht in „fachwerk.nur_genannt“ stehen"
    return [
        (name, mangel("plugin_nur_genannt", name, grund))
        for name, manifest in sorted(manifeste.items())
        if name in wartende and manifest.arten & {Art.FORMAT, Art.REGELN}
    ]


def formatstreit(manifeste: Mapping[str, Manifest], verlangt: set[str]) -> list[tuple[str, ConfigError]]:
    """Plugins to leave out because another claims the same format; a wanted one stays against an unwanted one."""
    anspruch: dict[tuple[str, ...], set[str]] = {}
    for name, manifest in manifeste.items():
        for angabe in manifest.formate:
            anspruch.setdefault(("name", angabe.name), set()).add(name)
            erkennung = (angabe.wurzel, angabe.namensraum, "" if angabe.wurzel else angabe.medientyp)
            anspruch.setdefault(("erkennung", *erkennung), set()).add(name)
    raus: dict[str, ConfigError] = {}
    for schluessel, namen in sorted(anspruch.items()):
        gewollt = namen & verlangt
        for name in sorted(namen - gewollt if len(gewollt) == 1 else namen) if len(namen) > 1 else []:
            andere = ", ".join(sorted(namen - {name}))
            raus[name] = mangel("format_doppelt", name, f"beansprucht dasselbe Format wie {andere}: {schluessel[1]}")
    return sorted(raus.items())


def andere_als(manager: pluggy.PluginManager, name: str) -> list[object]:
    return [plugin for anderer, plugin in manager.list_name_plugin() if anderer != name]


def mangel(code: str, name: str, was: str) -> ConfigError:
    ende = "" if was.endswith(("?", ".")) else "."
    problem = ConfigError(code, f"Das Plugin „{name}“ {was}{ende}", schluessel="plugins")
    problem.details["plugin"] = name
    return problem
