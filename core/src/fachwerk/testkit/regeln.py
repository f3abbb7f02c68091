"""The contract kit for rules plugins: subclass :class:`RegelContract` in a test file, and pytest checks the promises.

    class TestMeinLand(RegelContract):
        plugin = fachwerk_mein_land
        ordner = (resources.files("fachwerk_mein_land") / "parameter",)

        def faelle(self):
            return [Regelfall("…", antrag, date(2026, 1, 1), Empfehlung.BEWILLIGEN)]

Each promise is a function as well (``maengel_…``), for whoever wants a list of German sentences instead of a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from fachwerk.errors import ConfigErrors
from fachwerk.modell import Antrag, Art, Befund, Empfehlung, Manifest, Schwere, Votum
from fachwerk.parameter import Parameter
from fachwerk.plugins import Plugins
from fachwerk.testkit.waechter import Waechter

if TYPE_CHECKING:
    from fachwerk.testkit.regelvertrag import RegelContract as RegelContract

EINGANG = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Regelfall:
    """An application on one day; ``erwartet`` is the recommendation it must get (None: any)."""

    name: str
    antrag: Antrag
    stichtag: date
    erwartet: Empfehlung | None = None
    befunde: tuple[Befund, ...] = ()


def antrag(leistung: str, land: str = "", fall: dict[str, Any] | None = None, **angaben: Any) -> Antrag:
    """An application with the least a format plugin fills in; ``angaben`` are further fields."""
    return Antrag(**{"leistung": leistung, "land": land, "fall": fall, "empfangen": EINGANG, **angaben})


def seltsame_antraege(leistung: str, land: str = "") -> Iterator[tuple[str, Antrag]]:
    """Applications that are valid by type, but that nobody expects; every rule has to answer them calmly."""
    faelle: dict[str, dict[str, Any] | None] = {
        "ohne Falldaten": None,
        "mit leeren Falldaten": {},
        "mit unbekannten Feldern": {"unbekannt": {"tief": [1, None, {"x": "y"}]}},
        "mit Listen statt Werten": {"haushalt": [[[]]], "stichtag": ["2026-01-01"], "land": [land]},
        "mit Text statt Listen": {"haushalt": "niemand", "unterhalt": "viel", "land": land},
        "mit Wahrheitswerten statt Beträgen": {"haushalt": [{"name": True, "einkuenfte": False}], "land": land},
        "mit riesigen Zahlen": {"haushalt": [{"einkuenfte": [{"betrag": 10**30}]}], "betrag": 10**30, "land": land},
        "mit Steuerzeichen im Text": {"haushalt": [{"name": "\u202e\u0007" * 50}], "land": "\u0000"},
        "mit fremdem Land": {"land": "qq", "haushalt": []},
    }
    for name, fall in faelle.items():
        yield name, antrag(leistung, land, fall)
    yield "ohne Land", antrag(leistung, "", {})
    yield "mit unbestätigten Annahmen", antrag(leistung, land, {}, fall_annahmen=("projektprofil-1",))


# -- the promises, each as a list of what is wrong ---------------------------------------------------------------


def maengel_manifest(plugin: Any, faelle: Iterable[Regelfall] = ()) -> list[str]:
    """The manifest is complete, the hooks have the right names and arguments, and the cases lie in its scope."""
    manifest: Manifest = plugin.manifest()
    if Art.REGELN not in manifest.arten:
        return ["Manifest: arten nennt nicht „regeln“."]
    try:
        plugins = Plugins.aus_modulen({manifest.name: plugin})
    except ConfigErrors as fehler:
        return [problem.hint for problem in fehler.probleme]
    fehlt = {
        "version fehlt": not manifest.version.strip(),
        "titel fehlt (ihn liest die Sachbearbeitung)": not manifest.titel.strip(),
        "leistungen ist leer: Das Plugin würde zu jedem Antrag gefragt": not manifest.leistungen,
        "der Hook decide fehlt": not plugins.hat(manifest.name, "decide"),
    }
    return [f"Manifest: {text}." for text, falsch in fehlt.items() if falsch] + _ausserhalb(manifest, faelle)


def _ausserhalb(manifest: Manifest, faelle: Iterable[Regelfall]) -> list[str]:
    from fachwerk.katalog import leistungen

    worte = {leistung.wort for leistung in leistungen()}
    maengel = [f"Manifest: die Leistung {w} kennt der Katalog nicht." for w in sorted(manifest.leistungen - worte)]
    for fall in faelle:
        if fall.antrag.leistung not in manifest.leistungen:
            maengel.append(f"{fall.name}: Die Leistung {fall.antrag.leistung} steht nicht im Manifest.")
        if manifest.laender and fall.antrag.land not in manifest.laender:
            maengel.append(f"{fall.name}: Das Land {fall.antrag.land or '(keines)'} steht nicht im Manifest.")
    return maengel


def maengel_faelle(plugin: Any, faelle: Iterable[Regelfall]) -> list[str]:
    """Every case gets the recommendation it expects."""
    maengel = []
    for fall in faelle:
        votum = _frage(plugin, fall)
        ist = votum.empfehlung.value if isinstance(votum, Votum) else "kein Votum"
        if fall.erwartet is not None and ist != fall.erwartet:
            maengel.append(f"{fall.name}: erwartet {fall.erwartet.value}, bekommen {ist}.")
    return maengel


def maengel_reinheit(plugin: Any, faelle: Iterable[Regelfall]) -> list[str]:
    """The same input gives the same answer, in whatever order the Befunde come, and nothing outside is looked at."""
    maengel = []
    for fall in faelle:
        mit = Regelfall(fall.name, fall.antrag, fall.stichtag, befunde=(*fall.befunde, *_BEFUNDE))
        umgekehrt = Regelfall(fall.name, fall.antrag, fall.stichtag, befunde=mit.befunde[::-1])
        vorher, erstes = deepcopy(fall.antrag), _frage(plugin, mit)
        with Waechter() as waechter:
            zweites = _frage(plugin, mit)
        verletzt = {
            "Zweimal dasselbe gefragt, zwei Antworten": erstes != zweites,
            "Die Reihenfolge der Befunde ändert die Antwort": _kern(erstes) != _kern(_frage(plugin, umgekehrt)),
            "Der Antrag wurde verändert": fall.antrag != vorher,
        }
        maengel += [f"{fall.name}: {text}." for text, falsch in verletzt.items() if falsch]
        maengel += [f"{fall.name}: decide ist nicht rein: {was}." for was in waechter.verstoesse]
    return maengel


def _kern(votum: Any) -> Any:
    """What must not depend on the order of the Befunde; open points may be listed in their order."""
    return (votum.empfehlung, votum.begruendung, frozenset(votum.offen)) if isinstance(votum, Votum) else votum


_BEFUNDE = (
    Befund(code="probe.hinweis", text="Ein Hinweis.", schwere=Schwere.HINWEIS),
    Befund(code="probe.eins", text="Ein Fehler.", schwere=Schwere.FEHLER),
    Befund(code="probe.zwei", text="Noch ein Fehler.", schwere=Schwere.FEHLER),
)


def maengel_form(plugin: Any, faelle: Iterable[Regelfall]) -> list[str]:
    """The answer is a Votum or None; every step of the reason has its Fundstelle; a refusal rests on grade A."""
    maengel = []
    for fall in faelle:
        votum = _frage(plugin, fall)
        if votum is None:
            continue
        if not isinstance(votum, Votum):
            maengel.append(f"{fall.name}: decide gibt {type(votum).__name__} zurück, erlaubt sind Votum und None.")
            continue
        ohne = [schritt.name for schritt in votum.begruendung if not schritt.fundstelle.strip()]
        maengel += [f"{fall.name}: Der Schritt „{name}“ hat keine Fundstelle." for name in ohne]
        if votum.empfehlung is Empfehlung.ABLEHNEN:
            maengel += [f"{fall.name}: {text}" for text in _schwach(votum)]
        if votum.empfehlung is Empfehlung.NACHFORDERN and not (votum.offen or votum.nachweise):
            maengel.append(f"{fall.name}: „nachfordern“ nennt nicht, was fehlt.")
    return maengel


def _schwach(votum: Votum) -> list[str]:
    schwach = [schritt.name for schritt in votum.begruendung if schritt.beleg in ("B", "C")]
    text = "„ablehnen“ verlangt Beleg A, aber „{}“ hat ihn nicht."
    return [text.format(name) for name in schwach] or ([] if votum.begruendung else ["„ablehnen“ ohne Begründung."])


def maengel_seltsames(plugin: Any) -> list[str]:
    """Applications nobody expects are answered, not answered with an exception."""
    manifest: Manifest = plugin.manifest()
    maengel = []
    for leistung in sorted(manifest.leistungen):
        for land in sorted(manifest.laender) or [""]:
            for name, seltsam in seltsame_antraege(leistung, land):
                maengel += _ohne_ausnahme(plugin, Regelfall(f"Antrag {name}", seltsam, date(2026, 1, 15)))
    return maengel


def _ohne_ausnahme(plugin: Any, fall: Regelfall) -> list[str]:
    try:
        votum = _frage(plugin, fall)
    except Exception as fehler:
        return [f"{fall.name}: decide endet mit {type(fehler).__name__}."]
    erlaubt = votum is None or (isinstance(votum, Votum) and votum.empfehlung not in _ENTSCHIEDEN)
    return [] if erlaubt else [f"{fall.name}: decide entscheidet, obwohl es nichts weiß."]


_ENTSCHIEDEN = (Empfehlung.BEWILLIGEN, Empfehlung.ABLEHNEN)


def maengel_parameter(parameter: Mapping[str, Parameter], heute: date) -> list[str]:
    """Nobody looked in the future, every Fassung says where it was seen, and dates are calendar days of the law."""
    maengel = []
    for name, p in parameter.items():
        if p.geprueft_am > heute:
            maengel.append(f"{name}: geprueft_am liegt in der Zukunft ({p.geprueft_am.isoformat()}).")
        for fassung in p.fassungen:
            ab = fassung.beginn.isoformat() if fassung.beginn else "ohne Datum"
            maengel += [f"{name}, Fassung {ab}: quelle fehlt."] if not fassung.quelle.strip() else []
            maengel += [f"{name}, Fassung {ab}: fundstelle fehlt."] if not fassung.fundstelle.strip() else []
    return maengel


def _frage(plugin: Any, fall: Regelfall) -> Any:
    return plugin.decide(antrag=fall.antrag, befunde=fall.befunde, stichtag=fall.stichtag)


def __getattr__(name: str) -> Any:
    """The test class needs pytest; whoever only wants the lists does not."""
    if name != "RegelContract":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fachwerk.testkit.regelvertrag import RegelContract

    return RegelContract
