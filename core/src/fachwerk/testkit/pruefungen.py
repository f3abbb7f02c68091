"""Promises that targets and mailboxes share, each as a function that returns what is wrong as German sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fachwerk.errors import FachwerkError
from fachwerk.modell import Art, Befund, Idempotenz, Kanal, Schwere, Stufe, Ziel
from fachwerk.testkit import ordnerstoerung, stoerserver

if TYPE_CHECKING:
    from fachwerk.testkit.pruefstand import Pruefling

_SCHLIMM = (Schwere.FEHLER, Schwere.SPERRE)
_UNSINN = "gibtesnicht"


def verteilt(anzahl: int, hoechstens: int) -> list[int]:
    """The numbers from 1 to ``anzahl``; of many only some, evenly spread, first and last among them."""
    if anzahl <= hoechstens:
        return list(range(1, anzahl + 1))
    return sorted({1 + round(n * (anzahl - 1) / (hoechstens - 1)) for n in range(hoechstens)})


def maengel_manifest(stand: Pruefling, art: Art) -> list[str]:
    """Whether the manifest is complete and says what package and hooks say."""
    manifest = stand.manifest
    ordnung = [list(Stufe).index(stufe) for stufe in manifest.stufen]
    fehlt = {
        f"arten nennt nicht „{art.value}“": art not in manifest.arten,
        "titel fehlt (ihn liest der Betrieb)": not manifest.titel.strip(),
        "version fehlt": not manifest.version.strip(),
        "stufen ist leer": not ordnung,
        "stufen stehen nicht in ihrer Reihenfolge, oder eine doppelt": ordnung != sorted(set(ordnung)),
        f"einstellungen hat kein Modell für „{art.value}“": art not in manifest.einstellungen,
        "idempotenz „abfrage“ ohne find_delivered": manifest.idempotenz is Idempotenz.ABFRAGE
        and not stand.hat("find_delivered"),
    }
    return [f"Manifest: {text}." for text, falsch in fehlt.items() if falsch] + _andere_version(stand)


def _andere_version(stand: Pruefling) -> list[str]:
    for punkt in metadata.entry_points(group="fachwerk", name=stand.manifest.name):
        if punkt.dist is not None and punkt.dist.version != stand.manifest.version:
            return [f"Manifest: version {stand.manifest.version}, installiert ist {punkt.dist.version}."]
    return []


def maengel_einstellungen(stand: Pruefling, art: Art, werte: Any) -> list[str]:
    """Whether unknown keys are refused, and whether a secret given as a reference stays one."""
    modell = stand.manifest.einstellungen.get(art)
    if modell is None:
        return ["Das Plugin hat kein Modell seiner Einstellungen."]
    maengel = []
    umfeld = {"ordner": stand.host.ordner}
    try:
        modell.model_validate({**werte, _UNSINN: 1}, context=umfeld)
        maengel.append("Ein unbekannter Schlüssel wird hingenommen; im Modell fehlt extra=„forbid“.")
    except ValidationError:
        pass
    gesagt = repr(modell.model_validate(werte, context=umfeld))
    geheim = [wert for wert in stand.host.geheimnisse.values() if len(wert) > 3 and wert in gesagt]
    return maengel + [f"{len(geheim)} Geheimnis(se) stehen in den Einstellungen."] * bool(geheim)


def maengel_check(stand: Pruefling, stelle: Kanal | Ziel) -> list[str]:
    """Whether the preflight is quiet where all is well, and loud where nothing can be reached."""
    stand.netz.stoere()
    gesund = [f"{befund.code}: {befund.text}" for befund in frage_check(stand, stelle) if befund.schwere in _SCHLIMM]
    if stand.netz.laune.stand == 0 and stand.stelle.ordner is None:  # type: ignore[attr-defined]
        return gesund or ["Die Vorprüfung sieht weder einen Ordner noch das Netz an."]
    krank = _unerreichbar(stand, stelle)
    if not any(befund.schwere is not Schwere.HINWEIS for befund in krank):
        gesund.append("Ein unerreichbares Ziel wird von der Vorprüfung nicht gemeldet.")
    return gesund + [f"{befund.code}: ohne Text." for befund in krank if not befund.text.strip()]


def _unerreichbar(stand: Pruefling, stelle: Kanal | Ziel) -> list[Befund]:
    ordner: Path | None = stand.stelle.ordner  # type: ignore[attr-defined]
    stand.netz.stoere("verweigert")
    try:
        if ordner is None:
            return frage_check(stand, stelle)
        with ordnerstoerung.gestoert(ordner, "weg"):
            return frage_check(stand, stelle)
    finally:
        stand.netz.stoere()


def frage_check(stand: Pruefling, stelle: Kanal | Ziel) -> list[Befund]:
    """The findings of ``check``; an error of the tree counts as one (the core shows it so)."""
    try:
        befunde: list[Befund] = stand.rufe("check", kanal_oder_ziel=stelle, host=stand.host)
        return befunde
    except FachwerkError as fehler:
        code = "".join(z if z.isalnum() or z in "._" else "_" for z in fehler.code.lower())
        return [Befund(code=code, schwere=Schwere.FEHLER, text=fehler.hint)]


def fremde_dateien(stand: Pruefling) -> set[str]:
    """What lies around, but not in the target itself: nothing may be added there."""
    ordner: Path | None = stand.stelle.ordner  # type: ignore[attr-defined]
    oben = stand.host.notizdatei.parent
    return (
        {
            str(pfad)
            for pfad in oben.rglob("*")
            if pfad.is_file() and pfad != stand.host.notizdatei and not (ordner and pfad.is_relative_to(ordner))
        }
        if ordner
        else set()
    )


def stoerungen(stand: Pruefling, tue: Callable[[], object]) -> list[str]:
    """The faults that can touch this way at all; ``tue`` is what an undisturbed exchange does."""
    stand.netz.stoere()
    tue()
    netz = list(stoerserver.ARTEN) if stand.netz.laune.stand else []
    return netz + (list(ordnerstoerung.ARTEN) if stand.stelle.ordner else [])  # type: ignore[attr-defined]


@contextmanager
def gestoert(stand: Pruefling, art: str, ab: int) -> Iterator[None]:
    """The net or the folder misbehaves as ``art`` says for as long as the block lasts."""
    ordner: Path | None = stand.stelle.ordner  # type: ignore[attr-defined]
    if art in ordnerstoerung.ARTEN and ordner is not None:
        with ordnerstoerung.gestoert(ordner, art, ab):
            yield
        return
    stand.netz.stoere(art, ab)
    try:
        yield
    finally:
        stand.netz.stoere()
