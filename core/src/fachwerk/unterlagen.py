"""The documents of an application, recognised by their names: which of them may be a proof. Nobody has read them.

Names are the sender's, and may be hostile: only so much of them is looked at, and a match is only a hint. Rules say by
which words they recognise a proof (:func:`passt`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from fachwerk.modell import Antrag

HOECHSTENS_DOKUMENTE = 200
HOECHSTENS_ZEICHEN = 300
"""So much of a name is looked at and shown: names are the sender's, and may be hostile."""

_WORT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_AM_STUECK = re.compile(r"[A-Za-z]+")
_ENDUNGEN = frozenset({"pdf", "jpg", "jpeg", "png", "tif", "tiff", "doc", "docx", "xml", "zip"})
_FEHLT = frozenset(
    {"fehlt", "fehlen", "fehlend", "kein", "keine", "keinen", "ohne", "nachgereicht", "nachreichen", "folgt"}
)
_UMLAUTE = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ẞ": "Ss"})


@dataclass(frozen=True, slots=True)
class Beleg:
    """A proof that is asked for, and the names of the documents that may be one."""

    titel: str
    vermutlich: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unterlage:
    """A document by its name as shown, and the words by which it may be recognised."""

    name: str
    worte: tuple[str, ...]


def belege(muster: Mapping[str, Iterable[str]], unterlagen: Sequence[Unterlage]) -> tuple[Beleg, ...]:
    """Each title of ``muster`` with the documents whose name or type gives a sign of it."""
    return tuple(
        Beleg(titel, tuple(u.name for u in unterlagen if passt(worte, u.worte))) for titel, worte in muster.items()
    )


def fehlende(gefunden: Iterable[Beleg]) -> tuple[str, ...]:
    """Those for which no document gives a sign."""
    return tuple(beleg.titel for beleg in gefunden if not beleg.vermutlich)


def unterlagen_von(antrag: Antrag) -> tuple[Unterlage, ...]:
    """Every document of the message once: those it lists, then attachments no document refers to."""
    gesehen: set[str] = set()
    unterlagen: list[Unterlage] = []
    for dokument in islice(antrag.dokumente, HOECHSTENS_DOKUMENTE):
        teil = dokument.teil
        gesehen.add(teil.id if teil else "")
        texte = (dokument.name, dokument.typ, *((teil.name, teil.beschreibung) if teil else ()))
        unterlagen.append(_unterlage(dokument.name or (teil.name if teil else ""), texte))
    for anlage in islice(antrag.anlagen, HOECHSTENS_DOKUMENTE):
        if anlage.id not in gesehen:
            unterlagen.append(_unterlage(anlage.name, (anlage.name, anlage.beschreibung)))
    return tuple(unterlagen)


def _unterlage(name: str, texte: Iterable[str]) -> Unterlage:
    worte = tuple(wort for text in dict.fromkeys(texte) for wort in (*worte_von(text), ""))
    return Unterlage(name[:HOECHSTENS_ZEICHEN] or "(ohne Namen)", worte)


def worte_von(text: str) -> tuple[str, ...]:
    """The words of a file name: small letters, umlauts spelt out, no digits, no file extension.

    ``ScanGdB`` is read as ``scan gd b`` and, behind an empty word, as ``scangdb``.
    """
    glatt = unicodedata.normalize("NFC", text[:HOECHSTENS_ZEICHEN]).translate(_UMLAUTE)
    ohne = unicodedata.normalize("NFKD", glatt).encode("ascii", "ignore").decode()
    worte, stuecke = (_ohne_endung(muster.findall(ohne)) for muster in (_WORT, _AM_STUECK))
    return (*worte, *(["", *stuecke] if stuecke != worte else []))


def _ohne_endung(worte: Sequence[str]) -> list[str]:
    klein = [wort.lower() for wort in worte]
    return klein[:-1] if len(klein) > 1 and klein[-1] in _ENDUNGEN else klein


def passt(muster: Iterable[str], worte: Sequence[str]) -> bool:
    """Whether a pattern fits a word; never for a name that says that something is missing."""
    if not _FEHLT.isdisjoint(worte):
        return False
    gelesen = _gelesen(tuple(muster))
    return any(gelesen.trifft(wort) for wort in worte) or any(_steht(folge, worte) for folge in gelesen.folgen)


def _steht(gesucht: Sequence[_Muster], worte: Sequence[str]) -> bool:
    """Whether the words of a pattern stand one behind the other."""
    stellen = range(len(worte) - len(gesucht) + 1)
    return any(all(muster.trifft(worte[i + n]) for n, muster in enumerate(gesucht)) for i in stellen)


@dataclass(frozen=True, slots=True)
class _Muster:
    """Patterns of single words, by kind; ``folgen`` are those of several words."""

    genau: frozenset[str]
    anfang: tuple[str, ...]
    ende: tuple[str, ...]
    folgen: tuple[tuple[_Muster, ...], ...] = ()

    def trifft(self, wort: str) -> bool:
        return wort in self.genau or wort.startswith(self.anfang) or wort.endswith(self.ende)


@lru_cache(maxsize=1000)
def _gelesen(muster: tuple[str, ...]) -> _Muster:
    """``=id card`` → both words exactly; ``*urkunde`` → the end of a word; else its beginning."""
    zerlegt = [(eines[:1] if eines.startswith(("=", "*")) else "", _woerter(eines)) for eines in muster]
    je_art = {art: tuple(w[0] for a, w in zerlegt if a == art and len(w) == 1) for art in ("=", "", "*")}
    folgen = tuple(tuple(_gelesen((art + wort,)) for wort in worte) for art, worte in zerlegt if len(worte) > 1)
    return _Muster(frozenset(je_art["="]), je_art[""], je_art["*"], folgen)


def _woerter(muster: str) -> list[str]:
    return [wort.lower() for wort in muster.lstrip("=*").translate(_UMLAUTE).split()]
