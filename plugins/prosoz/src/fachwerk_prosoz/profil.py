"""The profile a site writes: how PROSOZ takes a case there. Read from YAML, checked by the shipped JSON schema.

Two kinds: ``Ablageprofil`` (folders) and ``Soapprofil``. What the schema cannot say (placeholders, patterns that
would not be unique, file names that would name persons) is checked here. All mistakes are ``ConfigError``.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fachwerk.errors import ConfigError, ContractError
from fachwerk.parameter import lies_yaml

BEISPIEL = "beispiel"
GROESSTES = 256 * 1024
_PLATZHALTER = re.compile(r"\{([a-z_]*)\}")
_OHNE_PERSON = frozenset({"leistung", "leika", "tag", "eingang", "nummer", "schluessel"})
_MIT_PERSON = frozenset({"familienname", "vorname", "geburtsdatum"})
_JE_DATEI = frozenset({"stamm", "nr", "endung"})

Bedeutung = Literal["uebergeben", "technisch_bestaetigt", "uebernommen", "abgelehnt", "spaeter", "unbekannt"]
Angabe = Literal["name", "dateiname", "typ", "medientyp", "pfad", "groesse", "sha256", "nummer"]


class _Abschnitt(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Feld(_Abschnitt):
    """Where a value comes from: ``aus`` a path of the facts, or ``fest``; ``umsetzen`` translates codes."""

    aus: str = ""
    fest: str | None = None
    pflicht: bool = False
    umsetzen: dict[str, str] = Field(default_factory=dict)
    hoechstlaenge: int | None = None


class Dokumentliste(_Abschnitt):
    """A list with one entry per document: ``felder`` name → what is said of it, ``inhalt`` the base64 content."""

    liste: str
    felder: dict[str, Angabe] = Field(default_factory=dict)
    inhalt: str = ""
    kodierung: Literal["binaer", "base64_text"] = "binaer"
    mit_original: bool = False
    mit_angaben: bool = False


class Falldatei(_Abschnitt):
    """A small file about the case, made of ``felder`` (dotted target path → value)."""

    name: str = ""
    form: Literal["xml", "json"]
    wurzel: str = "Fall"
    namensraum: str = ""
    felder: dict[str, Feld]
    dokumente: Dokumentliste | None = None


class Lesbar(_Abschnitt):
    """The application as a PDF, where the message carries one: found by the type of the document."""

    name: str
    dokumenttypen: tuple[str, ...]


class Teile(_Abschnitt):
    """Which files are written; an empty name leaves the part out."""

    original: str = ""
    anlagen: str = ""
    angaben: str = ""
    pdf: Lesbar | None = None
    falldatei: Falldatei | None = None


class Ausloeser(_Abschnitt):
    """The file PROSOZ waits for, written last; it may be empty or one of the parts itself."""

    name: str
    inhalt: Literal["leer", "stamm", "pruefsummen", "falldatei", "original"] = "leer"


class Rueckmeldung(_Abschnitt):
    """A file that PROSOZ puts or moves somewhere, and what it means. ``kennung``/``grund`` are regexes, group 1."""

    ordner: str
    muster: str
    bedeutet: Literal["technisch_bestaetigt", "uebernommen", "abgelehnt"]
    kennung: str = ""
    grund: str = ""


class Ablageprofil(_Abschnitt):
    """The folder way."""

    schema_: Literal[1] = Field(alias="schema")
    art: Literal["ordner"]
    titel: str
    beispiel: bool = False
    form: Literal["ordner", "flach"]
    eingang: str = ""
    zwischenordner: str = ".fachwerk-neu"
    stamm: str
    personenbezug_im_namen: bool = False
    teile: Teile
    ausloeser: Ausloeser
    rueckmeldungen: tuple[Rueckmeldung, ...] = ()
    abgeholt: Literal["uebergeben", "technisch_bestaetigt"] = "uebergeben"

    @model_validator(mode="after")
    def _stimmig(self) -> Self:
        erlaubt = _OHNE_PERSON | (_MIT_PERSON if self.personenbezug_im_namen else set())
        _pruefe_muster("stamm", self.stamm, erlaubt, {"schluessel"})
        je_datei = erlaubt | _JE_DATEI | ({"dateiname"} if self.personenbezug_im_namen else set())
        eigen = set() if self.form == "ordner" else {"stamm"}
        teile = self.teile
        namen = {"teile.original": (teile.original, eigen), "teile.anlagen": (teile.anlagen, eigen | {"nr"})}
        namen["teile.angaben"] = (teile.angaben, eigen)
        namen["teile.pdf"] = (teile.pdf.name if teile.pdf else "", eigen)
        namen["teile.falldatei"] = (teile.falldatei.name if teile.falldatei else "", eigen)
        namen["ausloeser.name"] = (self.ausloeser.name, {"stamm"})
        for ort, (muster, noetig) in namen.items():
            if muster:
                _pruefe_muster(ort, muster, je_datei, noetig)
                if self.form == "flach" and "/" in muster:
                    raise ValueError(f"{ort}: form „flach“ kennt keine Unterordner")
        if self.ausloeser.inhalt == "falldatei" and teile.falldatei is None:
            raise ValueError("ausloeser.inhalt „falldatei“ braucht teile.falldatei")
        for rueckmeldung in self.rueckmeldungen:
            _pruefe_muster("rueckmeldungen.muster", rueckmeldung.muster, {"stamm", "schluessel"}, set())
            if not {"stamm", "schluessel"} & set(_PLATZHALTER.findall(rueckmeldung.muster)):
                raise ValueError("rueckmeldungen.muster braucht {stamm} oder {schluessel}")
            _pruefe_regex(rueckmeldung.kennung, rueckmeldung.grund)
        return self

    @property
    def spaetere_bedeutungen(self) -> frozenset[str]:
        """What files that come, or go, can say after the hand-over."""
        return frozenset({self.abgeholt, *(rueckmeldung.bedeutet for rueckmeldung in self.rueckmeldungen)})


class Antwort(_Abschnitt):
    """Where an answer says what: paths of local names below the answer element, ``.`` for its own text."""

    kennung: str = ""
    status: str = ""
    grund: str = ""
    bedeutung: dict[str, Bedeutung] = Field(default_factory=dict)
    sonst: Literal["uebergeben", "technisch_bestaetigt", "uebernommen"] | None = None

    @model_validator(mode="after")
    def _stimmig(self) -> Self:
        if bool(self.status) != bool(self.bedeutung):
            raise ValueError("antwort: „status“ und „bedeutung“ gehören zusammen")
        if not self.status and self.sonst is None:
            raise ValueError("antwort: ohne „status“ muss „sonst“ sagen, was eine Antwort bedeutet")
        if not self.status and not self.kennung:
            raise ValueError("antwort: „status“ oder „kennung“ muss sagen, woran eine gute Antwort zu erkennen ist")
        return self


class Uebergabe(_Abschnitt):
    """The operation that takes a case. ``schluessel_wirkt``: the vendor confirmed that the same key has one effect."""

    operation: str
    felder: dict[str, Feld] = Field(default_factory=dict)
    schluessel: str = ""
    schluessel_wirkt: bool = False
    schluessel_form: Literal["voll", "kurz"] = "voll"
    dokumente: Dokumentliste | None = None
    antwort: Antwort

    @model_validator(mode="after")
    def _stimmig(self) -> Self:
        if self.schluessel_wirkt and not self.schluessel:
            raise ValueError("uebergabe: „schluessel_wirkt“ braucht „schluessel“, das Feld, in dem er steht")
        if self.dokumente and not self.dokumente.inhalt:
            raise ValueError("uebergabe.dokumente: „inhalt“ fehlt, das Feld für den Inhalt des Dokuments")
        return self


class Nachfrage(_Abschnitt):
    """The operation that tells whether a key arrived. Before ``frist_s`` "not found" may still mean "in work"."""

    operation: str
    schluessel: str
    felder: dict[str, Feld] = Field(default_factory=dict)
    antwort: Antwort
    frist_s: int = Field(default=900, ge=0)


class Faultregel(_Abschnitt):
    """What a SOAP fault means: all patterns given must match (regex, whole word); the first rule that fits counts."""

    code: str = ""
    detail: str = ""
    meldung: str = ""
    bedeutet: Literal["spaeter", "endgueltig", "sachbearbeitung", "betrieb", "schon_da", "unbekannt"]


class Soapprofil(_Abschnitt):
    """The SOAP way."""

    schema_: Literal[1] = Field(alias="schema")
    art: Literal["soap"]
    titel: str
    beispiel: bool = False
    dienst: str = ""
    port: str = ""
    uebergabe: Uebergabe
    nachfrage: Nachfrage | None = None
    faults: tuple[Faultregel, ...] = ()

    @model_validator(mode="after")
    def _stimmig(self) -> Self:
        if self.nachfrage and not self.uebergabe.schluessel:
            raise ValueError("nachfrage: braucht uebergabe.schluessel, sonst kennt PROSOZ den Schlüssel nicht")
        for regel in self.faults:
            if not (regel.code or regel.detail or regel.meldung):
                raise ValueError("faults: jede Regel braucht code, detail oder meldung")
            _pruefe_regex(regel.code, regel.detail, regel.meldung, gruppe=False)
        return self

    @property
    def spaetere_bedeutungen(self) -> frozenset[str]:
        """What the question can answer after the hand-over; without a question, nothing."""
        antwort = self.nachfrage.antwort if self.nachfrage else None
        return frozenset({*antwort.bedeutung.values(), *filter(None, [antwort.sonst])}) if antwort else frozenset()


Profil = Ablageprofil | Soapprofil


def lade(name: str, weg: str, ordner: Path) -> Profil:
    """The profile ``name`` of the settings, a path relative to ``ordner``, or the shipped example of ``weg``."""
    if name == BEISPIEL:
        datei = resources.files("fachwerk_prosoz").joinpath("profile", f"{weg}-beispiel.yaml")
        return _lies(datei.read_bytes(), name, weg)
    pfad = ordner / name
    try:
        if pfad.stat().st_size > GROESSTES:
            raise _fehler(pfad, "ist größer als 256 KiB")
        return _lies(pfad.read_bytes(), str(pfad), weg)
    except OSError:
        raise _fehler(pfad, "fehlt oder ist nicht lesbar. Pfad und Rechte prüfen") from None


def schema(weg: str) -> dict[str, Any]:
    """The JSON schema of the profiles of ``weg``."""
    text = resources.files("fachwerk_prosoz").joinpath("profile", f"{weg}.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@lru_cache(maxsize=32)
def _lies(inhalt: bytes, name: str, weg: str) -> Profil:
    try:
        roh = _ohne_dezimal(lies_yaml(inhalt.decode("utf-8"), Path(name).name), name)
    except UnicodeDecodeError:
        raise _fehler(name, "ist kein UTF-8") from None
    except ContractError as fehler:
        raise _fehler(name, f"ist kein lesbares YAML ({fehler.hint})") from None
    _pruefe_schema(roh, name, weg)
    try:
        return (Ablageprofil if weg == "ordner" else Soapprofil).model_validate(roh)
    except ValidationError as fehler:
        erster = fehler.errors(include_input=False, include_url=False)[0]
        ort = ".".join(map(str, erster["loc"])) or "Wurzel"
        raise _fehler(name, f"ist nicht stimmig ({ort}: {erster['msg'].removeprefix('Value error, ')})") from None


def _pruefe_schema(roh: Any, name: str, weg: str) -> None:
    from jsonschema import Draft202012Validator

    fehler = sorted(Draft202012Validator(schema(weg)).iter_errors(roh), key=lambda eintrag: list(eintrag.path))
    if fehler:
        ort = "/".join(map(str, fehler[0].absolute_path)) or "Wurzel"
        text = f"an der Stelle „{ort}“ ({_grund(fehler[0])})"
        raise _fehler(name, f"entspricht nicht dem Schema {weg}.schema.json {text}")


def _grund(fehler: Any) -> str:
    """What is wrong in German, where a word of the schema says too little or the library too much."""
    if fehler.validator == "required":
        return f"es fehlt „{next(name for name in fehler.validator_value if name not in fehler.instance)}“"
    if fehler.validator == "additionalProperties":
        bekannt = fehler.schema.get("properties", {})
        return f"unbekannt ist „{next(name for name in fehler.instance if name not in bekannt)}“"
    if fehler.validator == "type" and fehler.validator_value == "string":
        return "hier steht ein Text; Zahlen und ja oder nein gehören dafür in Anführungszeichen"
    return str(fehler.validator)


def _fehler(datei: str | Path, was: str) -> ConfigError:
    text = f"Das Profil {datei} {was}. Bitte die Datei berichtigen (README des Plugins prosoz, „Profile“)."
    return ConfigError("prosoz.profil", text, datei=str(datei), schluessel="profil")


def _ohne_dezimal(wert: Any, datei: str, *ort: str) -> Any:
    """JSON's types: whole numbers as int. A key must be text: YAML would make 1 of the code 01, and True of yes."""
    if isinstance(wert, dict):
        if any(not isinstance(name, str) for name in wert):
            wo = "/".join(ort) or "Wurzel"
            raise _fehler(datei, f"hat bei „{wo}“ einen Schlüssel, der kein Text ist; Anführungszeichen setzen")
        return {name: _ohne_dezimal(inhalt, datei, *ort, name) for name, inhalt in wert.items()}
    if isinstance(wert, list):
        return [_ohne_dezimal(eintrag, datei, *ort, str(nr)) for nr, eintrag in enumerate(wert)]
    if isinstance(wert, Decimal):
        return int(wert) if wert == wert.to_integral_value() else str(wert)
    return wert


def _pruefe_muster(ort: str, muster: str, erlaubt: frozenset[str] | set[str], noetig: set[str]) -> None:
    gefunden = set(_PLATZHALTER.findall(muster))
    if fremd := sorted(gefunden - erlaubt):
        personen = set(fremd) & (_MIT_PERSON | {"dateiname"})
        grund = " (personenbezogen: nur mit personenbezug_im_namen)" if personen else ""
        raise ValueError(f"{ort}: der Platzhalter {{{fremd[0]}}} ist hier nicht erlaubt{grund}")
    if fehlt := sorted(noetig - gefunden):
        raise ValueError(f"{ort}: der Platzhalter {{{fehlt[0]}}} fehlt, ohne ihn wären Namen nicht eindeutig")
    if re.search(r"[{}]", _PLATZHALTER.sub("", muster)):
        raise ValueError(f"{ort}: unpaarige geschweifte Klammer")


def _pruefe_regex(*muster: str, gruppe: bool = True) -> None:
    for text in muster:
        try:
            gruppen = re.compile(text).groups
        except (re.error, OverflowError, RecursionError):
            raise ValueError("ein regulärer Ausdruck ist nicht lesbar") from None
        if text and gruppe and gruppen != 1:
            raise ValueError("kennung und grund brauchen genau eine Klammergruppe")
