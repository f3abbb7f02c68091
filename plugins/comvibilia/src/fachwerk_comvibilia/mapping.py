"""What lies in the export folder, read by the layout profile: which files are one message, and is it complete. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fachwerk.modell import Anlage, Antrag, Sendung, Teil
from fachwerk_comvibilia.muster import STAMM, passt, passt_eines, rang, stamm_von
from fachwerk_comvibilia.namen import kurz, sicherer_name
from fachwerk_comvibilia.profil import Behaelter, EingangProfil, Profil
from fachwerk_comvibilia.settings import Kanaleinstellungen

NACHRICHT = "nachricht"
TEST = "comvibilia.test"
JA = "ja"


@dataclass(frozen=True)
class Eintrag:
    """A file as listed: path with ``/`` (from the message folder; flat: its name), size, time; ``fremd``: no file."""

    pfad: str
    groesse: int
    zeit_ns: int
    fremd: bool = False


@dataclass(frozen=True)
class Bestand:
    """The export folder at one look: the files in it, and those of each folder in it."""

    dateien: tuple[Eintrag, ...]
    ordner: Mapping[str, tuple[Eintrag, ...]]


@dataclass(frozen=True)
class Kandidat:
    """What may be one message: its own files, and those beside its folder (marker, lock) that name it."""

    stamm: str
    eintraege: tuple[Eintrag, ...]
    daneben: tuple[Eintrag, ...] = ()
    mehrdeutig: bool = False

    @property
    def marke(self) -> str:
        """How log and errors call it: names of folders may name people."""
        return f"cv-{kurz(self.stamm, 12)}"

    @property
    def abdruck(self) -> str:
        """Equal as long as nothing was added, taken away or written; times are those of the file system."""
        zeilen = sorted(f"{e.pfad}\0{e.groesse}\0{e.zeit_ns}" for e in (*self.eintraege, *self.daneben))
        return kurz("\n".join(zeilen), 32)

    @property
    def zuletzt_ns(self) -> int:
        """When something of it was last written."""
        return max((eintrag.zeit_ns for eintrag in (*self.eintraege, *self.daneben)), default=0)


class Grund(StrEnum):
    """Why a message is left alone for now."""

    MARKE_FEHLT = "marke_fehlt"
    GESPERRT = "gesperrt"
    NOCH_EINMAL = "noch_einmal_ansehen"
    VERWEIS = "verweis"
    MEHRDEUTIG = "mehrdeutig"
    LEER = "leer"
    ZU_VIEL = "zu_viel"
    METADATEN_FEHLEN = "metadaten_fehlen"
    METADATEN_UNLESBAR = "metadaten_unlesbar"
    DATEIEN_FEHLEN = "dateien_fehlen"
    GEAENDERT = "geaendert"
    BEHAELTER = "behaelter_unlesbar"
    UNLESBAR = "unlesbar"


IN_ARBEIT = frozenset({Grund.MARKE_FEHLT, Grund.GESPERRT, Grund.NOCH_EINMAL, Grund.METADATEN_FEHLEN, Grund.GEAENDERT})
"""Nothing is wrong yet: somebody is still writing, or we have looked only once."""


@dataclass(frozen=True)
class Rollen:
    """The files of one message by what they are."""

    nachricht: tuple[Eintrag, ...] = ()
    anlagen: tuple[Eintrag, ...] = ()
    behaelter: tuple[tuple[Eintrag, Behaelter], ...] = ()
    metadaten: Eintrag | None = None


def kandidaten(profil: Profil, bestand: Bestand, ohne: frozenset[str] = frozenset()) -> list[Kandidat]:
    """Everything that may be a message, oldest first; ``ohne`` are case-folded names that are ours."""
    assert profil.eingang is not None  # noqa: S101  checked at the start
    gefunden = _ordner(profil.eingang, bestand, ohne) if profil.eingang.aufbau == "ordner" else _flach(profil, bestand)
    return sorted(gefunden, key=lambda kandidat: (kandidat.zuletzt_ns, kandidat.stamm))


def _ordner(eingang: EingangProfil, bestand: Bestand, ohne: frozenset[str]) -> Iterator[Kandidat]:
    muster = [m for m in (eingang.fertig.marke, *eingang.fertig.sperren) if STAMM in m]
    for name, eintraege in bestand.ordner.items():
        if not name.startswith(".") and name.casefold() not in ohne:
            daneben = tuple(e for e in bestand.dateien if passt_eines(muster, e.pfad, name))
            yield Kandidat(name, eintraege, daneben)


def _flach(profil: Profil, bestand: Bestand) -> Iterator[Kandidat]:
    """Files are one message if they begin with the same stem; a file that two stems could own belongs to nobody."""
    assert profil.eingang is not None  # noqa: S101
    eingang = profil.eingang
    dateien = [e for e in bestand.dateien if not e.pfad.startswith(".") and not ist_quittung(profil, e.pfad)]
    staemme = _staemme(eingang, dateien)
    gehoert: dict[str, list[Eintrag]] = {stamm.casefold(): [] for stamm in staemme}
    streit: set[str] = set()
    for eintrag in dateien:
        moegliche = [stamm for stamm in gehoert if passt_eines(_alle_muster(eingang), eintrag.pfad, stamm)]
        for stamm in moegliche:
            gehoert[stamm].append(eintrag)
        streit.update(moegliche if len(moegliche) > 1 else ())
    for stamm in staemme:
        schluessel = stamm.casefold()
        yield Kandidat(stamm, tuple(gehoert[schluessel]), (), schluessel in streit)


def _staemme(eingang: EingangProfil, dateien: Iterable[Eintrag]) -> list[str]:
    """Every stem that marker, metadata or message name, each once; also of messages that are not complete yet."""
    muster = [eingang.fertig.marke, eingang.metadaten.datei if eingang.metadaten else "", *eingang.nachricht]
    muster += [behaelter.muster for behaelter in eingang.behaelter]
    gesehen: dict[str, str] = {}
    for eintrag in dateien:
        for stamm in (stamm_von(eines, eintrag.pfad) for eines in muster if eines):
            if stamm:
                gesehen.setdefault(stamm.casefold(), stamm)
    return list(gesehen.values())


def _alle_muster(eingang: EingangProfil) -> tuple[str, ...]:
    metadaten = (eingang.metadaten.datei,) if eingang.metadaten else ()
    marke = (eingang.fertig.marke,) if eingang.fertig.marke else ()
    behaelter = tuple(eines.muster for eines in eingang.behaelter)
    sperren = tuple(sperre for sperre in eingang.fertig.sperren if STAMM in sperre)
    return (*eingang.nachricht, *eingang.anlagen, *eingang.beiwerk, *metadaten, *marke, *behaelter, *sperren)


def grund(profil: Profil, werte: Kanaleinstellungen, kandidat: Kandidat, bestand: Bestand) -> Grund | None:
    """Why ``kandidat`` must not be touched now; None: it is complete as far as names and sizes tell."""
    assert profil.eingang is not None  # noqa: S101
    fertig, zeichen = profil.eingang.fertig, werte.fertig
    alle = (*kandidat.eintraege, *kandidat.daneben)
    if any(eintrag.fremd for eintrag in alle):
        return Grund.VERWEIS
    if kandidat.mehrdeutig:
        return Grund.MEHRDEUTIG
    if (zeichen is None or "sperren" in zeichen) and _gesperrt(fertig.sperren, kandidat, bestand):
        return Grund.GESPERRT
    braucht_marke = fertig.marke and (zeichen is None or "marke" in zeichen)
    if braucht_marke and not any(passt(fertig.marke, eintrag.pfad, kandidat.stamm) for eintrag in alle):
        return Grund.MARKE_FEHLT
    zu_gross = sum(eintrag.groesse for eintrag in alle) > werte.hoechstens_mb * 1_000_000
    if len(alle) > werte.hoechstens_dateien or zu_gross:
        return Grund.ZU_VIEL
    return _inhaltlich(profil.eingang, kandidat)


def _inhaltlich(eingang: EingangProfil, kandidat: Kandidat) -> Grund | None:
    gefunden = rollen(eingang, kandidat)
    if eingang.metadaten and eingang.metadaten.pflicht and gefunden.metadaten is None:
        return Grund.METADATEN_FEHLEN
    if not (gefunden.nachricht or gefunden.anlagen or gefunden.behaelter):
        return Grund.LEER
    return None


def zweimal_gleich(profil: Profil, werte: Kanaleinstellungen) -> bool:
    """Whether a message must look the same in two polls before it is touched."""
    assert profil.eingang is not None  # noqa: S101
    return profil.eingang.fertig.zweimal_gleich if werte.fertig is None else "zweimal_gleich" in werte.fertig


def _gesperrt(sperren: tuple[str, ...], kandidat: Kandidat, bestand: Bestand) -> bool:
    """A lock with ``/`` in front holds the whole export folder, one with ``{stamm}`` or in its folder one message."""
    for sperre in sperren:
        if sperre.startswith("/"):
            wo: Iterable[Eintrag] = bestand.dateien
        else:
            wo = kandidat.daneben if STAMM in sperre and kandidat.daneben else kandidat.eintraege
        if any(passt(sperre.lstrip("/"), eintrag.pfad, kandidat.stamm) for eintrag in wo):
            return True
    return False


def rollen(eingang: EingangProfil, kandidat: Kandidat) -> Rollen:
    """Message first; what no pattern names is taken along as an attachment, because nothing may be lost."""
    stamm = kandidat.stamm
    marken = tuple(m for m in (eingang.fertig.marke, *eingang.fertig.sperren) if m and not m.startswith("/"))
    nachricht, anlagen, behaelter, metadaten = [], [], [], None
    for eintrag in sorted(kandidat.eintraege, key=lambda eintrag: eintrag.pfad):
        hat = next((b for b in eingang.behaelter if passt(b.muster, eintrag.pfad, stamm)), None)
        if eingang.metadaten and passt(eingang.metadaten.datei, eintrag.pfad, stamm):
            metadaten = eintrag
        elif passt_eines(marken, eintrag.pfad, stamm) or passt_eines(eingang.beiwerk, eintrag.pfad, stamm):
            continue
        elif hat is not None:
            behaelter.append((eintrag, hat))
        elif passt_eines(eingang.nachricht, eintrag.pfad, stamm):
            nachricht.append(eintrag)
        else:
            anlagen.append(eintrag)
    nachricht.sort(key=lambda eintrag: (rang(eingang.nachricht, eintrag.pfad, stamm), eintrag.pfad))
    return Rollen(tuple(nachricht), tuple(anlagen), tuple(behaelter), metadaten)


def unbekannte(profil: Profil, bestand: Bestand, alle: Iterable[Kandidat], ohne: frozenset[str]) -> list[str]:
    """Names in the export folder that no pattern explains; they are left alone and shown by ``check``."""
    assert profil.eingang is not None  # noqa: S101
    bekannt = {e.pfad for k in alle for e in (*k.eintraege, *k.daneben)} if profil.eingang.aufbau == "flach" else set()
    bekannt |= {e.pfad for k in alle for e in k.daneben}
    fremde = [e.pfad for e in bestand.dateien if e.pfad not in bekannt and not _erklaert(profil, e.pfad)]
    if profil.eingang.aufbau == "flach":
        fremde += [name for name in bestand.ordner if name.casefold() not in ohne and not name.startswith(".")]
    return sorted(fremde)


def _erklaert(profil: Profil, name: str) -> bool:
    assert profil.eingang is not None  # noqa: S101
    gesamt = [sperre[1:] for sperre in profil.eingang.fertig.sperren if sperre.startswith("/")]
    return name.startswith(".") or passt_eines(gesamt, name) or ist_quittung(profil, name)


def ist_quittung(profil: Profil, name: str) -> bool:
    """Whether a file is a receipt of a hand-over and so no message."""
    muster = profil.quittungen.muster if profil.quittungen else ()
    return passt_eines((eines.replace("{kennung}", "*") for eines in muster), name)


def nachricht_id(genannt: str, stamm: str, summen: Iterable[str]) -> str:
    """The id the metadata name, else one of folder name and content: the same folder twice is the same message."""
    if genannt and len(genannt) <= 200 and genannt.isprintable():
        return genannt
    inhalt = hashlib.sha256("\n".join(summen).encode()).hexdigest()
    return f"cv-{kurz(genannt or stamm.casefold(), 12)}-{inhalt[:24]}"


def sendung(antrag: Antrag, ziel: str) -> Sendung:
    """The original as message, then every attachment once, in the order of the Antrag; nothing is made anew."""
    anlagen = [Anlage(pfad=NACHRICHT, teil=antrag.original)] if antrag.original else []
    gesehen: set[object] = {_gleich(antrag.original)} if antrag.original else set()
    nummer = 0
    for teil in antrag.anlagen:
        if _gleich(teil) not in gesehen:
            gesehen.add(_gleich(teil))
            nummer += 1
            anlagen.append(Anlage(pfad=f"anlagen/{nummer:04d}", teil=teil))
    metadaten = {TEST: JA} if antrag.test else {}
    return Sendung(ziel=ziel, bezeichnung=_bezeichnung(antrag), anlagen=tuple(anlagen), metadaten=metadaten)


def _gleich(teil: Teil) -> object:
    return teil.id or id(teil)


def _bezeichnung(antrag: Antrag) -> str:
    """Leistung and day of receipt: names nobody."""
    leistung = sicherer_name(antrag.leistung.lower(), "antrag", 40)
    return f"{leistung}_{(antrag.zugestellt or antrag.empfangen):%Y-%m-%d}"
