"""Problems of a configuration as German sentences that name file, key and environment variable.

Values are never printed: some of them are secrets.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fachwerk.errors import ConfigError

VORSATZ = "FACHWERK_"
"""Prefix of all environment variables that Fachwerk reads."""

_TEXTE: Mapping[str, str] = {
    "missing": "Diese Angabe fehlt",
    "string_type": "Hier wird ein Text erwartet",
    "string_pattern_mismatch": "Die Schreibweise passt nicht zum verlangten Muster {pattern}",
    "string_too_short": "Der Text ist zu kurz (mindestens {min_length} Zeichen)",
    "int_type": "Hier wird eine ganze Zahl erwartet",
    "int_parsing": "Hier wird eine ganze Zahl erwartet",
    "int_from_float": "Hier wird eine ganze Zahl erwartet",
    "float_type": "Hier wird eine Zahl erwartet",
    "float_parsing": "Hier wird eine Zahl erwartet",
    "bool_type": "Hier wird true oder false erwartet",
    "bool_parsing": "Hier wird true oder false erwartet",
    "list_type": "Hier wird eine Liste erwartet (in der Umgebung als JSON)",
    "tuple_type": "Hier wird eine Liste erwartet (in der Umgebung als JSON)",
    "dict_type": "Hier wird ein Abschnitt mit Schlüsseln erwartet",
    "model_type": "Hier wird ein Abschnitt mit Schlüsseln erwartet",
    "model_attributes_type": "Hier wird ein Abschnitt mit Schlüsseln erwartet",
    "literal_error": "Erlaubt ist nur {expected}",
    "enum": "Erlaubt ist nur {expected}",
    "date_type": "Hier wird ein Datum erwartet (JJJJ-MM-TT)",
    "date_parsing": "Hier wird ein Datum erwartet (JJJJ-MM-TT)",
    "date_from_datetime_parsing": "Hier wird ein Datum erwartet (JJJJ-MM-TT)",
    "greater_than": "Der Wert muss größer als {gt} sein",
    "greater_than_equal": "Der Wert muss mindestens {ge} sein",
    "less_than": "Der Wert muss kleiner als {lt} sein",
    "less_than_equal": "Der Wert darf höchstens {le} sein",
    "url_parsing": "Das ist keine vollständige Adresse (https://…)",
    "url_scheme": "Die Adresse beginnt nicht mit einem erlaubten Verfahren ({expected_schemes})",
}


def meinten_sie(wort: str, bekannte: Iterable[str]) -> str:
    """`` Meinten Sie „…“?`` if a known word is near, else an empty text."""
    nah = difflib.get_close_matches(wort, sorted(bekannte), n=1, cutoff=0.6)
    return f" Meinten Sie „{nah[0]}“?" if nah else ""


def umgebungsname(pfad: Sequence[str | int]) -> str:
    """The environment variable of a key path: ``("kanal", "a-b", "takt")`` → ``FACHWERK_KANAL__A_B__TAKT``.

    The keys of ``[fachwerk]`` stand without their section; lists are set as a whole.
    """
    teile: list[str] = []
    for stueck in pfad:
        if isinstance(stueck, int):
            break
        teile.append(normalform(stueck))
    if teile and teile[0] == "FACHWERK":
        del teile[0]
    return VORSATZ + "__".join(teile)


def normalform(schluessel: str) -> str:
    """A key as it stands in the environment: upper case, ``-`` as ``_``."""
    return schluessel.upper().replace("-", "_")


def schluesselname(pfad: Sequence[str | int]) -> str:
    """A key path for people: ``kanal.wbs-postfach.takt``, ``route[2].ziel`` (routes are counted from 1)."""
    text = ""
    for stueck in pfad:
        text += f"[{stueck + 1}]" if isinstance(stueck, int) else f".{stueck}"
    return text.lstrip(".")


def problem(code: str, text: str, pfad: Sequence[str | int] = (), datei: Path | None = None) -> ConfigError:
    """One problem: where (key, file, environment variable), then what."""
    schluessel, umgebung = schluesselname(pfad), umgebungsname(pfad) if pfad else ""
    orte = [schluessel, f"in {datei}" if datei else "", f"(Umgebung: {umgebung})" if umgebung else ""]
    ort = " ".join(stueck for stueck in orte if stueck)
    satz = text if text.endswith((".", "?", "!")) else f"{text}."
    return ConfigError(
        code,
        f"{ort}: {satz}" if ort else satz,
        datei=str(datei or ""),
        schluessel=schluessel,
        umgebung=umgebung,
    )


def probleme_aus(
    fehler: ValidationError,
    angaben: Mapping[str, Any],
    *,
    vor: Sequence[str | int] = (),
    datei: Path | None = None,
    bekannte: Mapping[tuple[str, ...], Iterable[str]] | None = None,
) -> list[ConfigError]:
    """Each error of a pydantic validation of ``angaben`` as a German problem.

    ``vor`` is where they stand, ``bekannte`` gives the keys a section knows.
    """
    gefunden: dict[str, ConfigError] = {}
    for eintrag in fehler.errors(include_url=False):
        pfad = (*vor, *_ohne_zweige(eintrag["loc"], angaben, eintrag["type"] == "missing"))
        fund = _einzeln(dict(eintrag), pfad, datei, bekannte or {})
        gefunden.setdefault(fund.details["schluessel"], fund)  # a union reports each of its branches
    return list(gefunden.values())


def _einzeln(
    eintrag: dict[str, Any],
    pfad: tuple[str | int, ...],
    datei: Path | None,
    bekannte: Mapping[tuple[str, ...], Iterable[str]],
) -> ConfigError:
    art = eintrag["type"]
    if art == "extra_forbidden":
        wort = str(pfad[-1])
        return problem("schluessel_unbekannt", unbekannt(wort, _bekannte(pfad, bekannte)), pfad, datei)
    if art == "value_error":
        return problem("wert_ungueltig", str(eintrag["ctx"]["error"]), pfad, datei)
    text = _TEXTE.get(art)
    if text is None:
        return problem("wert_ungueltig", f"Dieser Wert ist nicht zulässig ({art})", pfad, datei)
    code = "schluessel_fehlt" if art == "missing" else "wert_ungueltig"
    return problem(code, text.format_map(_Angaben(eintrag.get("ctx", {}))), pfad, datei)


def unbekannt(wort: str, bekannte: Iterable[str]) -> str:
    """The sentence for an unknown key, with a suggestion and, without one, the known keys."""
    woerter = sorted(bekannte)
    rat = meinten_sie(wort, woerter)
    if rat or not woerter:
        return f"Diesen Schlüssel gibt es nicht.{rat}"
    return f"Diesen Schlüssel gibt es nicht. Bekannt sind hier: {', '.join(woerter)}."


def _bekannte(pfad: tuple[str | int, ...], bekannte: Mapping[tuple[str, ...], Iterable[str]]) -> Iterable[str]:
    abschnitt = tuple("*" if isinstance(stueck, int) else stueck for stueck in pfad[:-1])
    if abschnitt in bekannte:
        return bekannte[abschnitt]
    return bekannte.get((*abschnitt[:1], "*") if len(abschnitt) > 1 else abschnitt, ())


def _ohne_zweige(ort: Sequence[str | int], angaben: Any, letztes_fehlt: bool) -> Iterator[str | int]:
    """The keys of ``ort`` alone: pydantic names branches of a union among them (``str``, ``list[str]``, a class).

    What stands in the file is a key, whatever it looks like.
    """
    hier = angaben
    for nummer, stueck in enumerate(ort):
        try:
            hier, steht_da = hier[stueck], True
        except (LookupError, TypeError):
            steht_da = letztes_fehlt and nummer == len(ort) - 1
        if steht_da or not _sieht_aus_wie_ein_zweig(stueck):
            yield stueck


def _sieht_aus_wie_ein_zweig(stueck: str | int) -> bool:
    return isinstance(stueck, str) and (stueck in {"str", "int", "bool"} or "[" in stueck or stueck[:1].isupper())


class _Angaben(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"

    def __getitem__(self, key: str) -> Any:
        return str(super().__getitem__(key)).replace(" or ", " oder ")
