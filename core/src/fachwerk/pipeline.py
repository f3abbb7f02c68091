"""The pure steps of the line and the merge: no clock, no network, no store.

Each function takes frozen values and gives the next one. The only I/O is ``teil.oeffnen()``. A pure hook has
nothing to wait for and nothing it could have sent, so a RetryableError or OutcomeUnknownError from one is a
broken contract.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from fachwerk.errors import ContractError, NeedsHumanError, OutcomeUnknownError, RetryableError
from fachwerk.modell import (
    Antrag,
    Art,
    Befund,
    Dringlichkeit,
    Eingang,
    Empfehlung,
    Entscheidung,
    Formatangabe,
    GehaltenFuer,
    OffenerPunkt,
    Schwere,
    Sendung,
    Teil,
    Votum,
    Wert,
    Ziel,
)
from fachwerk.plugins import Plugins

RANG: Mapping[Schwere, int] = {Schwere.HINWEIS: 0, Schwere.WARNUNG: 1, Schwere.FEHLER: 2, Schwere.SPERRE: 3}
"""Order of the severities."""

_DRINGLICHKEITEN = tuple(Dringlichkeit)
_XML_TYPEN = frozenset({"application/xml", "text/xml"})
_OHNE_TYP = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_ANFANG = 512
_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}", re.ASCII)


def waehle_format(plugins: Plugins, eingang: Eingang) -> str:
    """The one format plugin that maps ``eingang``: by root element and namespace, else by media type.

    Raises ``NeedsHumanError`` (``verschluesselt``, ``inhalt_doctype``, ``inhalt_unlesbar``, ``format_unbekannt``,
    ``format_mehrdeutig``) and ``ContractError`` if two plugins claim the same part.
    """
    if eingang.verschluesselt:
        raise NeedsHumanError(
            "verschluesselt",
            "Der Inhalt der Nachricht ist verschlüsselt und hier nicht zu öffnen. Welches Postfach entschlüsselt ihn?",
            fuer=GehaltenFuer.BETRIEB,
        )
    xml_teile = [teil for teil in eingang.teile if _ist_xml(teil)]
    koepfe, unlesbar = _koepfe(xml_teile)
    namen = {name for kopf in koepfe if (name := _nach_kopf(plugins, *kopf))}
    if not namen and unlesbar is not None:
        raise unlesbar
    if not namen:
        namen = {name for teil in xml_teile or eingang.teile if (name := _nach_medientyp(plugins, teil))}
    if len(namen) != 1:
        raise _kein_format(koepfe, namen)
    return namen.pop()


def map_eingang(plugins: Plugins, eingang: Eingang) -> Antrag:
    """The application as its format plugin understands it; what the transport said of test and receipt is kept."""
    name = waehle_format(plugins, eingang)
    antrag: Antrag = _rein(plugins, name, "map", eingang=eingang)
    return antrag.model_copy(
        update={
            "test": antrag.test or eingang.test,
            "format": antrag.format or name,
            "empfangen": eingang.empfangen,
            "zugestellt": eingang.zugestellt or antrag.zugestellt,
            "befunde": tuple(_mit_quelle(befund, name) for befund in antrag.befunde),
        }
    )


def bestaetige(antrag: Antrag, bestaetigt: Sequence[str | Mapping[str, Any]]) -> Antrag:
    """Drop the assumptions that the site's configuration confirms.

    An entry is the name of a mapping, or ``{"abbildung": name, "produkt": pattern or list of patterns}`` that
    confirms it for these products only (``*`` and ``?``).
    """
    offen = tuple(
        annahme
        for annahme in antrag.fall_annahmen
        if not any(_gilt(eintrag, annahme, antrag) for eintrag in bestaetigt)
    )
    return antrag.model_copy(update={"fall_annahmen": offen})


def validate(plugins: Plugins, antrag: Antrag, stichtag: date) -> tuple[Befund, ...]:
    """All findings, those of ``map`` included, each with its source, the gravest first."""
    gefunden = list(antrag.befunde)
    for name in plugins.namen:
        if plugins.hat(name, "validate"):
            befunde = _rein(plugins, name, "validate", antrag=antrag, stichtag=stichtag)
            gefunden += [befund.model_copy(update={"quelle": name}) for befund in befunde]
    return tuple(sorted(gefunden, key=_befund_ordnung))


def decide(plugins: Plugins, antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> tuple[Votum, ...]:
    """The Voten of the rules plugins whose scope covers ``antrag``, in name order, each with its source."""
    voten: list[Votum] = []
    for name in plugins.mit_art(Art.REGELN):
        if plugins.hat(name, "decide") and zustaendig(plugins, name, antrag):
            votum = _rein(plugins, name, "decide", antrag=antrag, befunde=befunde, stichtag=stichtag)
            if votum is not None:
                voten.append(votum.model_copy(update={"quelle": name}))
    return tuple(voten)


def zustaendig(plugins: Plugins, name: str, antrag: Antrag) -> bool:
    """Whether the scope in the manifest (Leistungen, Länder; empty is all) covers ``antrag``."""
    manifest = plugins.manifest(name)
    return _umfasst(manifest.leistungen, antrag.leistung) and _umfasst(manifest.laender, antrag.land)


def merge(voten: Sequence[Votum], befunde: Sequence[Befund], stichtag: date) -> Entscheidung:
    """One Entscheidung from all Voten, the same whatever their order.

    All the same: that. None, or different ones: ``vorlegen``, with an open point that says so. The highest urgency
    and the earliest deadline hold, whoever named them. Open points keep the order in which their rules put them.
    """
    geordnet = tuple(sorted(voten, key=_ordnung))
    meinungen = {(votum.empfehlung, votum.weiterleiten_an) for votum in geordnet}
    einig = len(meinungen) <= 1
    empfehlung = geordnet[0].empfehlung if len(meinungen) == 1 else Empfehlung.VORLEGEN
    offen = {_ordnung(punkt): punkt for votum in geordnet for punkt in votum.offen}
    eigene = [] if len(meinungen) == 1 else [_keine_meinung() if einig else _uneinig(geordnet)]
    return Entscheidung(
        empfehlung=empfehlung,
        dringlichkeit=max((v.dringlichkeit for v in voten), key=_DRINGLICHKEITEN.index, default=Dringlichkeit.NORMAL),
        frist=min((v.frist for v in voten if v.frist is not None), default=None),
        einig=einig,
        voten=geordnet,
        befunde=tuple(sorted(befunde, key=_befund_ordnung)),
        offen=(*eigene, *offen.values()),
        stichtag=stichtag,
    )


def render(plugins: Plugins, antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """What ``ziel`` will be given; the core checks that it is for this Ziel and that its paths are safe."""
    sendung: Sendung = _rein(plugins, ziel.plugin, "render", antrag=antrag, entscheidung=entscheidung, ziel=ziel)
    if sendung.ziel != ziel.name:
        raise _vertrag("sendung_ziel", ziel.plugin, "render", "eine Sendung für ein anderes Ziel")
    pfade = [anlage.pfad for anlage in sendung.anlagen]
    if not all(_sicher(pfad) for pfad in pfade):
        raise _vertrag("sendung_pfad", ziel.plugin, "render", "eine Anlage mit unsicherem Pfad")
    if len({pfad.casefold() for pfad in pfade}) < len(pfade):
        raise _vertrag("sendung_pfad", ziel.plugin, "render", "zwei Anlagen mit demselben Pfad")
    return sendung


def sperre(befunde: Iterable[Befund], schwelle: Schwere = Schwere.SPERRE) -> Befund | None:
    """The gravest Befund that reaches ``schwelle`` and so holds the case, None if there is none."""
    schwere = [befund for befund in befunde if RANG[befund.schwere] >= RANG[schwelle]]
    return min(schwere, key=_befund_ordnung, default=None)


def _rein(plugins: Plugins, name: str, hook: str, **kwargs: Any) -> Any:
    """Call a pure hook; errors that only I/O can have break the contract."""
    try:
        return plugins.rufe(name, hook, **kwargs)
    except (RetryableError, OutcomeUnknownError) as fehler:
        was = f"den Fehler {type(fehler).__name__}({fehler.code}), obwohl der Hook rein ist"
    raise _vertrag("hook_unrein", name, hook, was)


def _vertrag(code: str, name: str, hook: str, was: str) -> ContractError:
    text = f"Das Plugin „{name}“ liefert im Hook „{hook}“ {was}; an dessen Pflege melden."
    return ContractError(code, text, {"plugin": name, "hook": hook})


def _ist_xml(teil: Teil) -> bool:
    typ = teil.medientyp.split(";")[0].strip().lower()
    if typ in _XML_TYPEN or typ.endswith("+xml") or teil.name.lower().endswith(".xml"):
        return True
    return typ in _OHNE_TYP and _beginnt_wie_xml(teil)


def _beginnt_wie_xml(teil: Teil) -> bool:
    with teil.oeffnen() as strom:
        anfang = strom.read(_ANFANG)
    for marke in (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe"):
        anfang = anfang.removeprefix(marke)
    return anfang.replace(b"\x00", b"").lstrip()[:1] == b"<"


def _koepfe(teile: Iterable[Teil]) -> tuple[list[tuple[str, str]], NeedsHumanError | None]:
    """Namespace and root of each readable XML part, and the question that the first unreadable one raises."""
    from fachwerk.xml_strom import XmlFehler, kopf

    koepfe: list[tuple[str, str]] = []
    frage: NeedsHumanError | None = None
    for teil in teile:
        try:
            with teil.oeffnen() as strom:
                koepfe.append(kopf(strom))
        except XmlFehler as fehler:
            frage = frage or _unlesbar(teil, fehler.code, fehler.hint)
    return koepfe, frage


def _unlesbar(teil: Teil, code: str, grund: str) -> NeedsHumanError:
    if "doctype" in code:
        return NeedsHumanError(
            "inhalt_doctype",
            "Das XML der Nachricht enthält eine DOCTYPE-Angabe; so etwas wird aus Sicherheitsgründen nicht gelesen. "
            "Ist die Nachricht echt? Das Original liegt bei.",
            {"teil": teil.id, "grund": code},
        )
    return NeedsHumanError(
        "inhalt_unlesbar",
        f"Das XML der Nachricht ist nicht lesbar. Was steht darin? Das Original liegt bei. {grund}",
        {"teil": teil.id, "grund": code},
    )


def _nach_kopf(plugins: Plugins, namensraum: str, wurzel: str) -> str:
    """The plugin that claims this root element, empty if none does."""
    namen = {name for name, angabe in plugins.formate() if _passt_kopf(angabe, namensraum, wurzel)}
    return _einer(namen)


def _passt_kopf(angabe: Formatangabe, namensraum: str, wurzel: str) -> bool:
    if not (angabe.wurzel or angabe.namensraum):
        return False
    passt_wurzel = angabe.wurzel in ("", wurzel)
    return passt_wurzel and (not angabe.namensraum or re.fullmatch(angabe.namensraum, namensraum) is not None)


def _nach_medientyp(plugins: Plugins, teil: Teil) -> str:
    typ = teil.medientyp.split(";")[0].strip().lower()
    namen = {
        name
        for name, angabe in plugins.formate()
        if angabe.medientyp.lower() == typ and not (angabe.wurzel or angabe.namensraum)
    }
    return _einer(namen)


def _einer(namen: set[str]) -> str:
    if len(namen) > 1:
        liste = ", ".join(sorted(namen))
        raise ContractError("format_mehrere", f"Mehrere Plugins beanspruchen dieses Format: {liste}.")
    return min(namen, default="")


def _kein_format(koepfe: Sequence[tuple[str, str]], namen: set[str]) -> NeedsHumanError:
    if namen:
        liste = ", ".join(sorted(namen))
        return NeedsHumanError(
            "format_mehrdeutig",
            f"Die Nachricht enthält Teile verschiedener Formate ({liste}). Welcher Teil ist der Antrag?",
            fuer=GehaltenFuer.BETRIEB,
        )
    return NeedsHumanError(
        "format_unbekannt",
        "Dieses Format oder diese Version liest keines der geladenen Plugins. Fehlt ein Plugin oder eine neue Version?",
        {"wurzel": " ".join(wurzel for _, wurzel in koepfe if _NAME.fullmatch(wurzel))},
        fuer=GehaltenFuer.BETRIEB,
    )


def _gilt(eintrag: str | Mapping[str, Any], annahme: str, antrag: Antrag) -> bool:
    if isinstance(eintrag, str):
        return eintrag == annahme
    muster = eintrag.get("produkt") or ["*"]
    liste = [muster] if isinstance(muster, str) else muster
    produkt = antrag.produkt.strip()
    return eintrag.get("abbildung") == annahme and any(fnmatchcase(produkt, einzeln) for einzeln in liste)


def _umfasst(bereich: frozenset[str], wert: str) -> bool:
    return not bereich or wert in bereich


def _mit_quelle(befund: Befund, name: str) -> Befund:
    return befund if befund.quelle else befund.model_copy(update={"quelle": name})


def _befund_ordnung(befund: Befund) -> tuple[int, str, str, str, str]:
    return (-RANG[befund.schwere], befund.quelle, befund.code, befund.pfad, befund.text)


def _ordnung(wert: Wert) -> str:
    return json.dumps(wert.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)


def _keine_meinung() -> OffenerPunkt:
    return OffenerPunkt(
        code="kein_votum", text="Keine Regel hat zu diesem Antrag etwas empfohlen; er ist voll zu prüfen."
    )


def _uneinig(voten: Sequence[Votum]) -> OffenerPunkt:
    liste = sorted({f"{votum.quelle or 'unbenannt'}: {votum.empfehlung.value}" for votum in voten})
    return OffenerPunkt(
        code="voten_uneinig", text=f"Die Regeln empfehlen Verschiedenes ({'; '.join(liste)}); eine Person entscheidet."
    )


def _sicher(pfad: str) -> bool:
    """A relative path with ``/``, no way out, nothing a Windows disk reads differently."""
    teile = pfad.split("/")
    if any(zeichen in pfad for zeichen in '\\:*?"<>|') or "" in teile:
        return False
    return all(teil.isprintable() and teil.strip(" ") == teil == teil.rstrip(".") for teil in teile)
