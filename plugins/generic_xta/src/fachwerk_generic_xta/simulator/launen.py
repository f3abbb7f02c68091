"""The words with which a fault is ordered: what happens, to which calls, how often. Checked, with German messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator.fehler import FEHLERNUMMERN
from fachwerk_generic_xta.simulator.namen import VORGAENGE

ARTEN: Final = {
    "abgeschnitten": "letzter Teil 10 Bytes kürzer, keine Schlussgrenze, HTTP vollständig",
    "ohne_schlussgrenze": "nur die Schlussgrenze fehlt",
    "ohne_teil": "der letzte MIME-Teil fehlt",
    "falsche_cid": "der letzte MIME-Teil heißt anders als sein Verweis",
    "doppelte_cid": "zwei MIME-Teile tragen dieselbe Kennung",
    "falsche_groesse": "das Attribut size des letzten Inhalts ist um eins zu groß",
    "doctype": "der Umschlag beginnt mit einem DOCTYPE",
    "kaputtes_xml": "dem Umschlag fehlt sein Ende",
    "cid_prozent": "erlaubt: Verweise sind prozentkodiert",
    "wurzel_zuletzt": "erlaubt: der Umschlag kommt als letzter Teil",
    "inline_base64": "erlaubt: kein MTOM, Inhalte als base64 im Umschlag",
    "gestueckelt": "erlaubt: Transfer-Encoding chunked statt Content-Length",
    "langsam": "die Antwort kommt erst nach „sekunden“ (sonst 5)",
    "tropfend": "die Antwort kommt mit „bytes_je_sekunde“ (sonst 100)",
    "fehler": "XTA-Fehler mit der Nummer aus „fehler“",
    "soap_fehler": "SOAP-Fehler ohne XTA-Nummer, „kode“ Sender oder Receiver",
    "http": "HTTP-Status aus „http“ mit HTML, auf Wunsch mit „retry_after“",
    "kein_soap": "HTTP 200, aber eine HTML-Seite",
    "leer": "HTTP 200 ohne Inhalt",
    "abbruch_vorher": "Verbindung endet ohne Antwort, ohne etwas zu tun",
    "abbruch_nach_senden": "der Vorgang wird ausgeführt, die Verbindung endet ohne Antwort",
    "abbruch_im_rumpf": "der Vorgang wird ausgeführt, die Antwort bricht nach „bytes“ ab (sonst in der Mitte)",
}
STATT_ANTWORT: Final = frozenset({"fehler", "soap_fehler", "http", "kein_soap", "leer"})
"""Kinds that come instead of the operation or, with ``danach``, instead of its answer only."""

_VORGANGSNAMEN: Final = frozenset(vorgang.name for vorgang in VORGAENGE.values())
_AUSNAHMEN: Final = frozenset(ausnahme for ausnahme, _ in FEHLERNUMMERN.values())


@dataclass(frozen=True)
class Laune:
    """One ordered fault; ``mal`` counts down, None means for ever. Empty words mean: no matter.

    Of the calls that match ``vorgaenge``, ``konto`` and ``nachricht`` (lower case) the first ``ab - 1`` are spared,
    the others struck with ``wahrscheinlichkeit`` (drawn from ``samen``).
    """

    art: str
    mal: int | None = 1
    vorgaenge: tuple[str, ...] = ("*",)
    konto: str = ""
    nachricht: str = ""
    ab: int = 1
    wahrscheinlichkeit: float = 1.0
    samen: int = 0
    fehler: str = ""
    ausnahme: str = ""
    text: str = ""
    kode: str = "Receiver"
    http: int = 0
    retry_after: int | None = None
    sekunden: float = 5.0
    bytes: int | None = None
    bytes_je_sekunde: int = 100
    danach: bool = False
    mehrteilig: bool = False

    def trifft(self, vorgang: str, konto: str, nachrichten: Collection[str]) -> bool:
        """Whether this call is meant at all."""
        return (
            ("*" in self.vorgaenge or vorgang in self.vorgaenge)
            and self.konto in ("", konto)
            and (not self.nachricht or self.nachricht in nachrichten)
        )


KEINE: Final = Laune("", None)


def pruefe_tabelle(roh: object) -> list[Laune]:
    """``{"getMessage": {…}, "*": [{…}, …]}``: faults by operation, one or several for each."""
    if not isinstance(roh, Mapping):
        raise _falsch('Erwartet wird {"VORGANG": {"art": …}}.')
    launen = []
    for vorgang, angaben in roh.items():
        for eine in angaben if isinstance(angaben, list) else [angaben]:
            launen.append(pruefe_laune(eine, str(vorgang)))
    return launen


def pruefe_laune(angaben: Any, vorgang: str | None = None) -> Laune:
    """``{"art": …, "mal": n, …}``; ``art`` may be left out where ``fehler``, ``kode`` or ``http`` says it."""
    if not isinstance(angaben, Mapping):
        raise _falsch(f"Eine Laune ist ein Objekt mit {_aufzaehlung(('vorgang', *WORTE))}.")
    werte = dict(angaben)
    vorgaenge = _vorgaenge(werte.pop("vorgang", "*") if vorgang is None else vorgang)
    for fremd in (str(name) for name in werte if name not in WORTE):
        raise _falsch(
            f"„{fremd}“ gibt es nicht.{_vorschlag(fremd, WORTE)} Es gibt {_aufzaehlung(('vorgang', *WORTE))}."
        )
    for name, wert in werte.items():
        passt, erwartet = WORTE[name]
        if not passt(wert):
            hinweis = _vorschlag(wert, ARTEN) if name == "art" and isinstance(wert, str) else ""
            raise _falsch(f"„{name}“ ist {erwartet}.{hinweis}")
    werte.setdefault("art", next((art for art, wort in _DEUTLICH.items() if werte.get(wort)), ""))
    _pruefe_zusammen(werte)
    werte["nachricht"] = str(werte.get("nachricht", "")).lower()
    return Laune(**werte, vorgaenge=vorgaenge)


def _pruefe_zusammen(werte: Mapping[str, Any]) -> None:
    art = werte["art"]
    if art not in ARTEN:
        raise _falsch(f"„art“ fehlt oder ist keine von: {', '.join(ARTEN)}.{_vorschlag(art, ARTEN)}")
    for braucht, wort in (("fehler", "fehler"), ("http", "http")):
        if art == braucht and not werte.get(wort):
            raise _falsch(f"Zur Art „{art}“ gehört „{wort}“: {WORTE[wort][1]}.")


def _vorgaenge(wert: object) -> tuple[str, ...]:
    namen = wert if isinstance(wert, list) else [wert]
    for name in namen:
        if name != "*" and name not in _VORGANGSNAMEN:
            hinweis = _vorschlag(str(name), _VORGANGSNAMEN)
            raise _falsch(f"Den Vorgang „{name}“ gibt es nicht.{hinweis} Es gibt {', '.join(VORGANGSLISTE)} und *.")
    return tuple(namen)


VORGANGSLISTE: Final = tuple(vorgang.name for vorgang in VORGAENGE.values())


def _ganzzahl(von: int, bis: int | None = None) -> Callable[[object], bool]:
    def passt(wert: object) -> bool:
        return isinstance(wert, int) and not isinstance(wert, bool) and wert >= von and (bis is None or wert <= bis)

    return passt


def _zahl(von: float, bis: float) -> Callable[[object], bool]:
    def passt(wert: object) -> bool:
        return isinstance(wert, (int, float)) and not isinstance(wert, bool) and von <= wert <= bis

    return passt


def _text(wert: object) -> bool:
    return isinstance(wert, str)


def _wahrheit(wert: object) -> bool:
    return isinstance(wert, bool)


WORTE: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "art": (lambda wert: isinstance(wert, str) and wert in ARTEN, f"eine von: {', '.join(ARTEN)}"),
    "mal": (lambda wert: wert is None or _ganzzahl(1)(wert), "eine Zahl ab 1 oder null (immer)"),
    "ab": (_ganzzahl(1), "eine Zahl ab 1: der wievielte passende Aufruf der erste ist"),
    "konto": (_text, "ein Kontoname"),
    "nachricht": (_text, "eine Nachrichtenkennung"),
    "wahrscheinlichkeit": (_zahl(0, 1), "eine Zahl von 0 bis 1"),
    "samen": (_ganzzahl(0), "eine Zahl ab 0, mit der gewürfelt wird"),
    "fehler": (lambda wert: str(wert) in FEHLERNUMMERN and _text(wert), f"eine von: {', '.join(FEHLERNUMMERN)}"),
    "ausnahme": (lambda wert: wert in _AUSNAHMEN, f"eine von: {', '.join(sorted(_AUSNAHMEN))}"),
    "text": (_text, "ein Text"),
    "kode": (lambda wert: wert in ("Sender", "Receiver"), "Sender oder Receiver"),
    "http": (_ganzzahl(400, 599), "ein HTTP-Status zwischen 400 und 599"),
    "retry_after": (_ganzzahl(0), "eine Zahl von Sekunden"),
    "sekunden": (_zahl(0, 3600), "eine Zahl von 0 bis 3600"),
    "bytes": (_ganzzahl(0), "eine Zahl ab 0"),
    "bytes_je_sekunde": (_ganzzahl(1), "eine Zahl ab 1"),
    "danach": (_wahrheit, "true oder false: erst ausführen, dann stören"),
    "mehrteilig": (_wahrheit, "true oder false: der Fehler kommt mehrteilig"),
}
_DEUTLICH: Final = {"fehler": "fehler", "http": "http", "soap_fehler": "kode"}


def _vorschlag(wort: str, bekannte: Iterable[str]) -> str:
    aehnlich = get_close_matches(wort, list(bekannte), 1)
    return f" Gemeint ist vielleicht „{aehnlich[0]}“." if aehnlich else ""


def _aufzaehlung(namen: Iterable[str]) -> str:
    return ", ".join(namen)


def _falsch(text: str) -> ConfigError:
    return ConfigError("simulator.temperament", text)
