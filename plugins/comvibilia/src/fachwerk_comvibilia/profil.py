"""Layout profiles: how a site's COM Vibilia lays out messages, hand-overs and receipts. Data, checked against a schema.

The layout of COM Vibilia for XSozial-basis is not public. So nothing here claims to be it: two profiles are shipped
to start from (``ordner``, ``flach``), and a site writes its own after looking at a real message.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fachwerk.errors import ConfigError, FachwerkError
from fachwerk.manifest import Stufe

MITGELIEFERT = ("flach", "ordner")
_PAKET = "fachwerk_comvibilia"

Aufbau = Literal["ordner", "flach"]
Nachher = Literal["verschieben", "loeschen"]


class _Angaben(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metadaten(_Angaben):
    """Where the metadata of a received message lie; all paths are local names below the root, ``a/b/@c``."""

    datei: str
    pflicht: bool = True
    nachricht_id: str = ""
    zugestellt: str = ""
    test: str = ""
    dateien: str = ""
    felder: dict[str, str] = {}


class Behaelter(_Angaben):
    """A file that holds XML and attachments in one (class c); ``nachricht`` are patterns inside of it."""

    muster: str
    art: Literal["zip", "multipart"]
    nachricht: tuple[str, ...] = ("*.xml",)


class Fertig(_Angaben):
    """How one sees that a message is complete: marker there, no lock, two looks alike; all that are named must hold."""

    marke: str = ""
    sperren: tuple[str, ...] = ()
    zweimal_gleich: bool = False


class EingangProfil(_Angaben):
    """The export folder. Patterns are relative to the message folder; in a flat layout they contain ``{stamm}``."""

    aufbau: Aufbau
    nachricht: tuple[str, ...]
    anlagen: tuple[str, ...] = ()
    metadaten: Metadaten | None = None
    beiwerk: tuple[str, ...] = ()
    behaelter: tuple[Behaelter, ...] = ()
    fertig: Fertig = Fertig()
    nachher: Nachher = "verschieben"


class Ausgangsmetadaten(_Angaben):
    """The metadata file of a hand-over: one element per entry below ``wurzel``, texts with placeholders."""

    datei: str
    wurzel: str
    felder: dict[str, str]


class AusgangProfil(_Angaben):
    """The import folder. ``name`` must contain ``{kennung}``, by which a hand-over is found again."""

    aufbau: Aufbau
    name: str
    nachricht: str
    anlagen: str
    metadaten: Ausgangsmetadaten | None = None
    marke: str = ""
    ohne_xml: Literal["halten", "uebergeben"] = "halten"


class Quittungen(_Angaben):
    """The receipts (Laufzettel): which files, what names the hand-over, which word means which stage."""

    muster: tuple[str, ...]
    bezug: str = ""
    stand: str
    grund: str = ""
    stufen: dict[str, Literal[Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN]]
    abgelehnt: tuple[str, ...] = ()


class Profil(_Angaben):
    """A whole layout; a site that only receives leaves ``ausgang`` out, one that only sends ``eingang``."""

    fassung: int
    name: str
    beschreibung: str = ""
    eingang: EingangProfil | None = None
    ausgang: AusgangProfil | None = None
    quittungen: Quittungen | None = None

    @property
    def quittungsstufen(self) -> tuple[Stufe, ...]:
        """The stages that a word of the receipts stands for; none without receipts."""
        return tuple(set(self.quittungen.stufen.values())) if self.quittungen else ()


def ist_pfad(angabe: str) -> bool:
    """Whether a configured profile is a file of the site rather than a shipped one."""
    return any(zeichen in angabe for zeichen in "/\\.")


def lade(angabe: str, ordner: Path) -> Profil:
    """The profile ``angabe`` names: shipped, or a file (relative ones from ``ordner``). Raises ``ConfigError``."""
    if not ist_pfad(angabe):
        return _mitgeliefertes(angabe)
    datei = ordner / angabe
    try:
        stand = datei.stat()
    except OSError as fehler:
        raise _fehler(angabe, "lässt sich nicht lesen", "Pfad und Rechte prüfen") from fehler
    return _gelesen(str(datei), stand.st_mtime_ns, stand.st_size)


@lru_cache(maxsize=64)
def _gelesen(datei: str, zeit: int, groesse: int) -> Profil:
    try:
        text = Path(datei).read_text(encoding="utf-8")
    except (OSError, ValueError) as fehler:
        raise _fehler(datei, "lässt sich nicht lesen", "Pfad, Rechte und Kodierung (UTF-8) prüfen") from fehler
    return aus_text(text, datei)


@lru_cache(maxsize=8)
def _mitgeliefertes(name: str) -> Profil:
    if name not in MITGELIEFERT:
        rat = f"{', '.join(MITGELIEFERT)} nehmen, oder den Pfad einer eigenen Profildatei (.yaml) nennen"
        raise _fehler(name, "wird nicht mitgeliefert", rat)
    return aus_text((resources.files(_PAKET) / "profile" / f"{name}.yaml").read_text(encoding="utf-8"), name)


def aus_text(text: str, name: str) -> Profil:
    """The profile in ``text`` (YAML). Raises ``ConfigError`` that names the place of the first mistake."""
    from fachwerk.parameter import lies_yaml

    try:
        roh = lies_yaml(text, name)
    except FachwerkError as fehler:
        raise _fehler(name, f"ist kein lesbares YAML ({fehler.hint})", "Schreibweise berichtigen") from fehler
    fehler_im_schema = sorted(_pruefer().iter_errors(roh), key=lambda fund: list(map(str, fund.absolute_path)))
    if fehler_im_schema:
        fund = fehler_im_schema[0]
        ort = ".".join(str(stelle) for stelle in fund.absolute_path) or "ganz oben"
        raise _fehler(name, f"passt bei „{ort}“ nicht zum Schema ({fund.validator})", "mit README vergleichen")
    try:
        fertig = Profil.model_validate(roh)
    except ValidationError as fehler:  # a schema cannot say that a key is a word
        ort = ".".join(str(stelle) for stelle in fehler.errors()[0]["loc"] if stelle != "[key]")
        raise _fehler(
            name, f"hat bei „{ort}“ einen Schlüssel, der kein Text ist", "ihn in Anführungszeichen setzen"
        ) from None
    if mangel := _mangel(fertig):
        raise _fehler(name, *mangel)
    return fertig


def _mangel(profil: Profil) -> tuple[str, str] | None:
    """What a schema cannot say: in a flat layout every pattern names the message, or messages would mix."""
    eingang, ausgang = profil.eingang, profil.ausgang
    if eingang and eingang.aufbau == "flach":
        marke, datei = eingang.fertig.marke, eingang.metadaten.datei if eingang.metadaten else ""
        verlangt = [*eingang.nachricht, *eingang.anlagen, *eingang.beiwerk, *filter(None, [marke, datei])]
        verlangt += [behaelter.muster for behaelter in eingang.behaelter]
        if ohne := next((muster for muster in verlangt if "{stamm}" not in muster or "/" in muster), ""):
            return f"hat im flachen Eingang das Muster „{ohne}“", "überall {stamm} und keine Ordner verwenden"
    if ausgang and ausgang.aufbau == "flach":
        datei = ausgang.metadaten.datei if ausgang.metadaten else ""
        verlangt = [ausgang.nachricht, ausgang.anlagen, *filter(None, [datei, ausgang.marke])]
        if ohne := next((muster for muster in verlangt if "{stamm}" not in muster or "/" in muster), ""):
            return f"hat im flachen Ausgang den Namen „{ohne}“", "überall {stamm} und keine Ordner verwenden"
    if ausgang and ausgang.aufbau == "flach" and ausgang.ohne_xml == "uebergeben" and not ausgang.marke:
        return "hat im flachen Ausgang ohne XML nichts, was die Übergabe abschließt", "„marke“ eintragen"
    quittungen = profil.quittungen
    if quittungen and not quittungen.bezug and any("{kennung}" not in muster for muster in quittungen.muster):
        return "sagt nicht, zu welcher Übergabe eine Quittung gehört", "{kennung} in die Muster oder „bezug“ eintragen"
    if quittungen and set(quittungen.stufen) & set(quittungen.abgelehnt):
        return "nennt ein Wort als Stufe und als Ablehnung", "eines davon streichen"
    return None


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The JSON schema of a profile, as shipped."""
    datei = resources.files(_PAKET) / "profile" / "profil.schema.json"
    return dict(json.loads(datei.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _pruefer() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def _fehler(name: str, was: str, rat: str) -> ConfigError:
    return ConfigError("comvibilia.profil", f"Das Layoutprofil {name} {was}. Bitte {rat}.", schluessel="profil")
