"""Load plugins fail closed, verify them against the contract, call exactly one or collect from several.

A plugin named by the configuration that cannot be used stops the start, with every problem of every plugin in one
report. Of those nobody named only formats and rules take part, because installing them is how a site chooses them: who
waits on Kanäle and Ziele says so beside its entry point (:data:`NUR_GENANNT`) and is not even imported. One that takes
part unnamed and does not work is left out with a warning. What a hook returns is checked here, so that the rest of the
core may trust the types of the line.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from types import MappingProxyType
from typing import Any, NoReturn

import pluggy

from fachwerk import hookspecs
from fachwerk.errors import ConfigError, ConfigErrors, ContractError, FachwerkError
from fachwerk.konfigfehler import meinten_sie
from fachwerk.modell import Art, Befund, Eingang, Formatangabe, Manifest
from fachwerk.vertrag import (
    ARGUMENTE,
    INHALT_DER_LISTE,
    RUECKGABE,
    andere_als,
    falsch_wartende,
    formatstreit,
    mangel,
    pruefe_modul,
)

GRUPPE = "fachwerk"
"""Entry-point group of the plugins."""

NUR_GENANNT = "fachwerk.nur_genannt"
"""Entry-point group of those that are imported only where the configuration names them, with the same names."""


@dataclass(frozen=True)
class Plugins:
    """The loaded plugins. Immutable; make it with :func:`lade`, in tests with :meth:`aus_modulen`."""

    _manifeste: Mapping[str, Manifest]
    _rufer: Mapping[tuple[str, str], pluggy.HookCaller] = field(repr=False)

    @classmethod
    def aus_modulen(cls, module: Mapping[str, object]) -> Plugins:
        """Verified plugins from objects at hand, no entry point needed; raises ``ConfigErrors`` like :func:`lade`."""
        plugins, probleme = _aufbauen(dict(module), set(module), [])
        if probleme:
            raise ConfigErrors(probleme)
        return plugins

    @property
    def namen(self) -> tuple[str, ...]:
        """All loaded plugins, sorted."""
        return tuple(sorted(self._manifeste))

    def manifest(self, name: str) -> Manifest:
        """The manifest of ``name``; ``ContractError`` if it is not loaded."""
        if name not in self._manifeste:
            raise ContractError("plugin_fehlt", f"Das Plugin „{name}“ ist nicht geladen.", {"plugin": name})
        return self._manifeste[name]

    def version(self, name: str) -> str:
        """The version ``name`` states in its manifest."""
        return self.manifest(name).version

    def hat(self, name: str, hook: str) -> bool:
        """Whether ``name`` implements ``hook``."""
        return (name, hook) in self._rufer

    def mit_art(self, art: Art) -> tuple[str, ...]:
        """Names of the plugins of one kind, sorted."""
        return tuple(name for name in self.namen if art in self._manifeste[name].arten)

    def formate(self) -> list[tuple[str, Formatangabe]]:
        """Every format with the plugin that maps it, in name order."""
        return [(name, angabe) for name in self.mit_art(Art.FORMAT) for angabe in self._manifeste[name].formate]

    def rufe(self, name: str, hook: str, **kwargs: Any) -> Any:
        """Call ``hook`` on exactly the plugin ``name`` and check what it returns.

        Errors of the tree pass; any other exception becomes a ``ContractError`` that names plugin, hook, class and
        place, never the text (it may hold personal data). ``receive`` gives an iterator that checks every item.
        """
        self.manifest(name)
        if set(kwargs) != set(ARGUMENTE[hook]):
            raise TypeError(f"{hook} takes {ARGUMENTE[hook]}, not {sorted(kwargs)}")
        if not self.hat(name, hook):
            raise ContractError("hook_fehlt", f"Dem Plugin „{name}“ fehlt der Hook „{hook}“.", _wer(name, hook))
        antwort = self._antwort(name, hook, kwargs)
        _pruefe_antwort(name, hook, antwort)
        return _gepruefter_strom(name, antwort) if hook == "receive" else antwort

    def sammle(self, hook: str, namen: Iterable[str], **kwargs: Any) -> list[tuple[str, Any]]:
        """Call ``hook`` on each of ``namen`` that has it, in name order; answers of None are left out."""
        gerufen = [(name, self.rufe(name, hook, **kwargs)) for name in sorted(set(namen)) if self.hat(name, hook)]
        return [(name, antwort) for name, antwort in gerufen if antwort is not None]

    def _antwort(self, name: str, hook: str, kwargs: dict[str, Any]) -> Any:
        rufer = self._rufer[name, hook]
        try:
            antwort = rufer(**kwargs)
        except FachwerkError:
            raise
        except Exception as ausnahme:
            if _ist_stoerung(ausnahme):
                raise
            fehler = _ausnahme_fehler(name, hook, ausnahme)
        else:
            einzeln = rufer.spec is not None and rufer.spec.opts.get("firstresult")
            return antwort if einzeln else (antwort[0] if antwort else None)
        raise fehler  # outside of the except block, so that no cause with content hangs on it


def lade(namen: Iterable[str] = (), *, nur: Iterable[str] | None = None) -> Plugins:
    """Load ``namen`` and :func:`wirkende`; ``namen`` must work, or ``ConfigErrors`` with all problems is raised.

    ``nur`` says what is loaded instead of :func:`wirkende` (for commands that need one plugin only).
    """
    plugins, probleme = lade_soweit(namen, nur=nur)
    if probleme:
        raise ConfigErrors(probleme)
    return plugins


def lade_soweit(namen: Iterable[str] = (), *, nur: Iterable[str] | None = None) -> tuple[Plugins, list[ConfigError]]:
    """Like :func:`lade`, but give what works together with the problems of the rest (for ``fachwerk check``)."""
    verlangt = set(namen)
    installiert = _eintrittspunkte()
    wartende = _wartende()
    probleme: list[ConfigError] = []
    for name in sorted(verlangt - set(installiert)):
        probleme.append(_nicht_installiert(name, installiert))
    module: dict[str, object] = {}
    for name in sorted(set(installiert) & (verlangt | (set(installiert) - wartende if nur is None else set(nur)))):
        _importiere(name, installiert[name], module, probleme)
    return _aufbauen(module, verlangt, probleme, wartende)


def installierte() -> set[str]:
    """Every plugin that is installed, without importing one."""
    return set(_eintrittspunkte())


def wirkende() -> set[str]:
    """The installed plugins that take part without being named, without importing one."""
    return installierte() - _wartende()


def _wartende() -> set[str]:
    return {punkt.name for punkt in metadata.entry_points(group=NUR_GENANNT)}


def _eintrittspunkte() -> dict[str, list[metadata.EntryPoint]]:
    punkte: dict[str, list[metadata.EntryPoint]] = {}
    for punkt in metadata.entry_points(group=GRUPPE):
        punkte.setdefault(punkt.name, []).append(punkt)
    return punkte


def _nicht_installiert(name: str, gefunden: Iterable[str]) -> ConfigError:
    verteilung = f"fachwerk-{name.replace('_', '-')}"
    hinweis = meinten_sie(name, gefunden)
    return mangel("plugin_fehlt", name, f"ist nicht installiert.{hinweis} Das Paket {verteilung} installieren")


def _importiere(
    name: str, punkte: list[metadata.EntryPoint], module: dict[str, object], probleme: list[ConfigError]
) -> None:
    if len({punkt.value for punkt in punkte}) > 1:
        werte = ", ".join(sorted(punkt.value for punkt in punkte))
        probleme.append(mangel("plugin_doppelt", name, f"ist mehrfach installiert ({werte}); nur eines behalten"))
        return
    try:
        module[name] = punkte[0].load()
    except (Exception, SystemExit) as ausnahme:
        grund = f"lässt sich nicht laden: {type(ausnahme).__name__}: {ausnahme}"
        probleme.append(mangel("plugin_import", name, grund))


def _aufbauen(
    module: dict[str, object], verlangt: set[str], probleme: list[ConfigError], wartende: Collection[str] = ()
) -> tuple[Plugins, list[ConfigError]]:
    """Verify ``module``; keep the problems of wanted plugins, log those of the others."""
    manager = pluggy.PluginManager("fachwerk")
    manager.add_hookspecs(hookspecs)
    manifeste: dict[str, Manifest] = {}
    for name in sorted(module):
        maengel, manifest = pruefe_modul(manager, name, module[name])
        probleme += maengel
        if manifest is not None:
            manifeste[name] = manifest
    for name, problem in [*falsch_wartende(manifeste, wartende), *formatstreit(manifeste, verlangt)]:
        probleme.append(problem)
        if manifeste.pop(name, None):
            manager.unregister(name=name)
    plugins = Plugins(MappingProxyType(manifeste), MappingProxyType(_rufer(manager, manifeste)))
    return plugins, _nur_verlangte(probleme, verlangt)


def _rufer(manager: pluggy.PluginManager, namen: Iterable[str]) -> dict[tuple[str, str], pluggy.HookCaller]:
    """For each plugin and each of its hooks the caller that reaches this plugin only."""
    rufer: dict[tuple[str, str], pluggy.HookCaller] = {}
    for name in namen:
        andere = andere_als(manager, name)
        for hook in manager.get_hookcallers(manager.get_plugin(name)) or []:
            rufer[name, hook.name] = manager.subset_hook_caller(hook.name, andere)
    return rufer


def _nur_verlangte(probleme: list[ConfigError], verlangt: set[str]) -> list[ConfigError]:
    behalten = []
    for problem in probleme:
        name = problem.details.get("plugin", "")
        if not name or name in verlangt:
            behalten.append(problem)
        else:
            from fachwerk.protokoll import logger

            logger("plugins").warning("plugin_ausgelassen", plugin=name, code=problem.code)
    return behalten


def _pruefe_antwort(name: str, hook: str, antwort: Any) -> None:
    erlaubt = RUECKGABE[hook]
    if not isinstance(antwort, erlaubt):
        _falscher_typ(name, hook, antwort, " oder ".join(typ.__name__ for typ in erlaubt))
    if isinstance(antwort, list):
        inhalt = INHALT_DER_LISTE.get(hook, Befund)
        for eintrag in antwort:
            if not isinstance(eintrag, inhalt):
                _falscher_typ(name, hook, eintrag, f"list[{inhalt.__name__}]")


def _falscher_typ(name: str, hook: str, antwort: Any, erlaubt: str) -> NoReturn:
    text = f"Das Plugin „{name}“ gibt im Hook „{hook}“ {type(antwort).__name__} zurück, erlaubt ist {erlaubt}."
    raise ContractError("hook_rueckgabe", text, _wer(name, hook))


def _gepruefter_strom(name: str, strom: Iterator[Any]) -> Iterator[Eingang]:
    """Pass the items of ``receive`` on, each checked; close the plugin's generator when the caller stops."""
    try:
        while True:
            eingang = _naechster(name, strom)
            if eingang is None:
                return
            yield eingang
    finally:
        schliesse = getattr(strom, "close", None)
        if schliesse is not None:
            schliesse()


def _naechster(name: str, strom: Iterator[Any]) -> Eingang | None:
    try:
        eingang = next(strom)
    except StopIteration:
        return None
    except FachwerkError:
        raise
    except Exception as ausnahme:
        if _ist_stoerung(ausnahme):
            raise
        fehler = _ausnahme_fehler(name, "receive", ausnahme)
    else:
        if not isinstance(eingang, Eingang):
            _falscher_typ(name, "receive", eingang, "Iterator[Eingang]")
        return eingang
    raise fehler


def _ist_stoerung(ausnahme: Exception) -> bool:
    """Whether our own database failed under the plugin; then the job waits, and nobody is blamed."""
    from fachwerk.datenbank import DatenbankGestoert

    return isinstance(ausnahme, DatenbankGestoert)


def _ausnahme_fehler(name: str, hook: str, ausnahme: Exception) -> ContractError:
    """What may be said about a foreign exception: its class and the place, never its text."""
    klasse = type(ausnahme).__name__
    rahmen = inspect.getinnerframes(ausnahme.__traceback__)[-1] if ausnahme.__traceback__ else None
    stelle = f"{rahmen.filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{rahmen.lineno}" if rahmen else ""
    text = f"Das Plugin „{name}“ ist im Hook „{hook}“ an {klasse} gescheitert ({stelle}); an dessen Pflege melden."
    return ContractError("plugin_ausnahme", text, {**_wer(name, hook), "ausnahme": klasse, "stelle": stelle})


def _wer(name: str, hook: str) -> dict[str, str]:
    return {"plugin": name, "hook": hook}
