"""Which files a folder profile makes of a Sendung, in the order of writing: documents, case file, trigger. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fachwerk.errors import PermanentError
from fachwerk.modell import Sendung, Teil
from fachwerk_prosoz.mapping import ANGABEN, ORIGINAL
from fachwerk_prosoz.namen import endung, fuelle
from fachwerk_prosoz.profil import Ablageprofil, Falldatei
from fachwerk_prosoz.werte import falldatei


@dataclass(frozen=True)
class Stueck:
    """One file: a part of the Sendung, or something made now. ``angaben`` is what a case file says of it."""

    pfad: str
    teil: Teil | None = None
    fest: bytes = b""
    angaben: Mapping[str, Any] = field(default_factory=dict)
    ist_ausloeser: bool = False
    mit_summen: bool = False
    fall: _Fall | None = None

    def strom(self, summen: Mapping[str, tuple[str, int]]) -> Iterator[bytes]:
        """The content; a case file needs the checksums of what was written before it."""
        if self.teil is not None:
            yield from self.teil.bytes_strom()
        else:
            yield self.fall.baue(summen) if self.fall else self.fest


@dataclass(frozen=True)
class _Fall:
    """The case file, made last but for the trigger, because it may name the others with their checksums."""

    angaben: Falldatei
    werte: Mapping[str, Any]
    dokumente: tuple[Stueck, ...]

    def baue(self, summen: Mapping[str, tuple[str, int]]) -> bytes:
        zeilen = [_zeile(stueck, summen) for stueck in self.dokumente]
        return falldatei(self.angaben, self.werte, zeilen)


def stuecke(profil: Ablageprofil, sendung: Sendung, werte: Mapping[str, Any], kopf: Mapping[str, str]) -> list[Stueck]:
    """All files of the case; the trigger is the last."""
    teile = {anlage.pfad: anlage.teil for anlage in sendung.anlagen}
    als_ausloeser = profil.ausloeser.inhalt
    original = [] if als_ausloeser == "original" else list(_original(profil, teile, werte, kopf))
    gelesen = list(_lesbar(profil, teile, werte, kopf))
    dokumente = [*gelesen, *_anlagen(profil, teile, werte, kopf, {stueck.angaben["nummer"] for stueck in gelesen})]
    plan = [*original, *dokumente]
    if profil.teile.angaben:
        angaben = {"nummer": 0, "name": "Angaben", "typ": "", "medientyp": "application/json", "dateiname": ""}
        plan.append(Stueck(_name(profil.teile.angaben, kopf, angaben), teile[ANGABEN], angaben=angaben))
    fall = None
    if profil.teile.falldatei:
        mit = profil.teile.falldatei.dokumente and profil.teile.falldatei.dokumente.mit_original
        fall = _Fall(profil.teile.falldatei, werte, tuple(plan if mit else dokumente))
        if als_ausloeser != "falldatei" and profil.teile.falldatei.name:
            plan.append(
                Stueck(fuelle(profil.teile.falldatei.name, {**kopf, "endung": profil.teile.falldatei.form}), fall=fall)
            )
    plan.append(_ausloeser(profil, teile, werte, kopf, fall))
    if len({stueck.pfad.lower() for stueck in plan}) != len(plan):
        text = "Zwei Teile des Falls bekämen nach dem Profil denselben Dateinamen. Bitte das Profil berichtigen."
        raise PermanentError("prosoz.name_doppelt", text)
    return plan


def _original(
    profil: Ablageprofil, teile: Mapping[str, Teil], werte: Mapping[str, Any], kopf: Mapping[str, str]
) -> Iterator[Stueck]:
    teil = teile.get(ORIGINAL)
    if teil and profil.teile.original:
        angaben = {"nummer": 0, "name": "Antrag im Original", "typ": "", **werte["original"]}
        yield Stueck(_name(profil.teile.original, kopf, angaben), teil, angaben=angaben)


def _lesbar(
    profil: Ablageprofil, teile: Mapping[str, Teil], werte: Mapping[str, Any], kopf: Mapping[str, str]
) -> Iterator[Stueck]:
    """The first PDF among the documents that the message marks as the application."""
    if profil.teile.pdf:
        for dokument in werte["dokumente"]:
            if dokument["typ"] in profil.teile.pdf.dokumenttypen and dokument["medientyp"] == "application/pdf":
                yield Stueck(_name(profil.teile.pdf.name, kopf, dokument), teile[dokument["pfad"]], angaben=dokument)
                return


def _anlagen(
    profil: Ablageprofil,
    teile: Mapping[str, Teil],
    werte: Mapping[str, Any],
    kopf: Mapping[str, str],
    schon: set[int],
) -> Iterator[Stueck]:
    if profil.teile.anlagen:
        for dokument in werte["dokumente"]:
            if dokument["nummer"] not in schon:
                yield Stueck(_name(profil.teile.anlagen, kopf, dokument), teile[dokument["pfad"]], angaben=dokument)


def _name(muster: str, kopf: Mapping[str, str], angaben: Mapping[str, Any]) -> str:
    """``nr`` has at least two digits; ``dateiname`` only comes where the profile allows personal data in names."""
    dateiname = str(angaben.get("dateiname", ""))
    werte = {
        **kopf,
        "nr": f"{angaben['nummer']:02d}",
        "endung": endung(str(angaben.get("medientyp", "")), dateiname),
        "dateiname": dateiname.rpartition(".")[0] or dateiname,
    }
    return fuelle(muster, werte)


def _ausloeser(
    profil: Ablageprofil,
    teile: Mapping[str, Teil],
    werte: Mapping[str, Any],
    kopf: Mapping[str, str],
    fall: _Fall | None,
) -> Stueck:
    art = profil.ausloeser.inhalt
    pfad = fuelle(profil.ausloeser.name, {**kopf, "endung": "xml", "nr": "00"})
    if art == "original":
        return Stueck(pfad, teile.get(ORIGINAL), ist_ausloeser=True)
    fest = kopf["stamm"].encode("ascii") + b"\n" if art == "stamm" else b""
    eigener = fall if art == "falldatei" else None
    return Stueck(pfad, fest=fest, ist_ausloeser=True, mit_summen=art == "pruefsummen", fall=eigener)


def _zeile(stueck: Stueck, summen: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    """What a case file may say of a document."""
    angaben = stueck.angaben
    summe, laenge = summen[stueck.pfad]
    return {
        **{name: str(angaben.get(name) or "") for name in ("name", "dateiname", "typ", "medientyp", "nummer")},
        "pfad": stueck.pfad,
        "groesse": str(laenge),
        "sha256": summe,
    }
