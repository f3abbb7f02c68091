"""What can be checked in an application of this format: its schema, and what no schema can say.

Nothing here holds a case by itself: findings are at most FEHLER, and the route decides from which severity it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from fachwerk.errors import PermanentError
from fachwerk.modell import Antrag, Befund, Dokument, Schwere
from fachwerk.xml import XmlFehler, pruefe
from fachwerk_xsozial_basis.codes import unbekannte_codes
from fachwerk_xsozial_basis.mapping import FORMAT, WURZEL
from fachwerk_xsozial_basis.nachricht import lies_noch_einmal
from fachwerk_xsozial_basis.schemas import HERSTELLER, amtliches_schema, projektprofil

_MAGIE: dict[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/tiff": (b"II*\x00", b"MM\x00*"),
}


_HOECHSTALTER = 130


def pruefe_antrag(antrag: Antrag, stichtag: date) -> list[Befund]:
    """All findings about ``antrag``; an application of another format is none of our business."""
    if antrag.format != FORMAT:
        return []
    return [
        *_schema(antrag),
        *_angaben(antrag, stichtag),
        *_unmoegliches(antrag, stichtag),
        *unbekannte_codes(antrag),
        *(befund for dokument in antrag.dokumente for befund in _dokument(dokument)),
        *_gleiche_namen(antrag),
    ]


def _befund(code: str, schwere: Schwere, text: str, pfad: str = "") -> Befund:
    return Befund(code=code, schwere=schwere, text=text, pfad=pfad)


def _schema(antrag: Antrag) -> list[Befund]:
    """Against the site's official schema if it is installed; our own profile is only for our own messages."""
    if not antrag.format_version or antrag.original is None:
        return []
    was = "eingerichtete amtliche Schema"
    try:
        schema = amtliches_schema(antrag.format_version)
        if schema is None and antrag.felder.get(f"{WURZEL}/@produkthersteller") == HERSTELLER:
            was = "Projektprofil"
            schema = projektprofil(antrag.format_version)
    except (XmlFehler, OSError):
        text = f"Nicht gegen das Schema geprüft: Das {was} lässt sich nicht laden."
        return [_befund("schema_unlesbar", Schwere.WARNUNG, text)]
    if schema is None:
        text = (
            f"Nicht gegen das Schema geprüft: Für XSozial-basis {antrag.format_version} ist kein amtliches Schema "
            "eingerichtet (fachwerk x xsozial-basis schema install)."
        )
        return [_befund("schema_fehlt", Schwere.HINWEIS, text)]
    return pruefe(lies_noch_einmal(antrag.original), schema)


def _angaben(antrag: Antrag, stichtag: date) -> Iterator[Befund]:
    if antrag.antragsdatum is None and antrag.format_version:
        text = "Das Antragsdatum fehlt oder ist nicht lesbar; es gilt der Tag des Eingangs."
        yield _befund("antragsdatum_fehlt", Schwere.WARNUNG, text)
    elif antrag.antragsdatum is not None and antrag.antragsdatum > stichtag:
        text = "Das Antragsdatum liegt in der Zukunft. Bitte klären, welcher Tag gilt."
        yield _befund("antragsdatum_zukunft", Schwere.FEHLER, text)
    if antrag.format_version and not any(person.antragsteller for person in antrag.personen):
        text = "Keine Person ist als antragstellend gekennzeichnet. Bitte im Original nachsehen, wer den Antrag stellt."
        yield _befund("antragsteller_fehlt", Schwere.WARNUNG, text)


def _unmoegliches(antrag: Antrag, stichtag: date) -> Iterator[Befund]:
    """What cannot be true: readable, but nothing may be decided on it."""
    tage = [wer.geburtsdatum for wer in antrag.personen] + [wer.geburtsdatum for wer in antrag.dritte]
    if any(tag and (tag > stichtag or stichtag.year - tag.year >= _HOECHSTALTER) for tag in tage):
        text = "Ein Geburtsdatum liegt in der Zukunft oder mehr als 130 Jahre zurück. Bitte klären."
        yield _befund("geburtsdatum_unmoeglich", Schwere.FEHLER, text)
    haushalt = (antrag.fall or {}).get("haushalt") or []
    betraege = [einkunft.get("betrag") for wer in haushalt for einkunft in wer.get("einkuenfte") or []]
    if any(str(betrag).startswith("-") for betrag in betraege):
        yield _befund(
            "betrag_negativ", Schwere.FEHLER, "Eine Einkunft ist als negativer Betrag angegeben. Bitte klären."
        )


def _dokument(dokument: Dokument) -> Iterator[Befund]:
    pfad = dokument.id
    if dokument.teil is None:
        text = "Zu diesem Dokument kam kein lesbarer Inhalt. Bitte prüfen, ob es fehlt, und gegebenenfalls nachfordern."
        yield _befund("dokument_ohne_inhalt", Schwere.WARNUNG, text, pfad)
        return
    try:
        with dokument.teil.oeffnen() as strom:
            anfang = strom.read(1024)
    except (XmlFehler, PermanentError):
        text = "Der Inhalt dieses Dokuments lässt sich nicht lesen."
        yield _befund("dokument_unlesbar", Schwere.FEHLER, text, pfad)
        return
    if not anfang:
        text = "Dieses Dokument ist leer (0 Bytes). Bitte nachfordern."
        yield _befund("dokument_leer", Schwere.WARNUNG, text, pfad)
    elif not _passt(dokument.teil.medientyp, anfang):
        text = "Der Inhalt dieses Dokuments ist nicht von der Art, die angegeben ist. Bitte vorsichtig öffnen."
        yield _befund("dokument_art_widerspruch", Schwere.WARNUNG, text, pfad)


def _passt(medientyp: str, anfang: bytes) -> bool:
    """Whether content of a type with known first bytes has them (a PDF may have a little in front)."""
    art = medientyp.partition(";")[0].strip().lower()
    magie = _MAGIE.get(art)
    if magie is None:
        return not (anfang.startswith((b"MZ", b"\x7fELF")) and not art.startswith("application/"))
    return b"%PDF-" in anfang if art == "application/pdf" else anfang.startswith(magie)


def _gleiche_namen(antrag: Antrag) -> Iterator[Befund]:
    namen = Counter(dokument.name.casefold() for dokument in antrag.dokumente if dokument.name)
    doppelt = sum(1 for anzahl in namen.values() if anzahl > 1)
    if doppelt:
        text = f"Mehrere Dokumente tragen denselben Namen ({doppelt} Namen betroffen); es sind verschiedene Dokumente."
        yield _befund("dokument_name_doppelt", Schwere.HINWEIS, text)
