"""The preflight of a Ziel: profile, folders or WSDL, operations and fields, secrets, certificates. Changes nothing."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from fachwerk.errors import ConfigError, FachwerkError, StepError
from fachwerk.modell import Befund, Kanal, Schwere, Ziel
from fachwerk.transport import classify, pruefe_schluessel, zertifikatsangaben
from fachwerk_prosoz import dateien
from fachwerk_prosoz.profil import Ablageprofil, Soapprofil, lade
from fachwerk_prosoz.settings import Zieleinstellungen, zieleinstellungen
from fachwerk_prosoz.transportweg import lade_wsdl

if TYPE_CHECKING:
    from fachwerk.host import Host


def pruefe(stelle: Kanal | Ziel, host: Host) -> list[Befund]:
    """All findings; an empty list means that a case can be handed over now."""
    if not isinstance(stelle, Ziel):
        return []
    werte = zieleinstellungen(stelle)
    try:
        profil = lade(werte.profil, werte.weg, host.ordner)
    except ConfigError as fehler:
        return [_sperre(fehler.code, fehler.hint, "profil")]
    befunde = [*_beispiel(profil.beispiel)]
    if isinstance(profil, Ablageprofil):
        return [*befunde, *_ordner(werte, profil, host)]
    return [*befunde, *_soap(werte, profil, host)]


def _beispiel(ist_beispiel: bool) -> Iterator[Befund]:
    if ist_beispiel:
        text = (
            "Das Profil ist als Beispiel gekennzeichnet und beschreibt kein Format von PROSOZ. Für den Betrieb mit dem "
            "Hersteller abstimmen (Prüfliste im README des Plugins prosoz) und „beispiel“ streichen."
        )
        yield _warnung("prosoz.beispielprofil", text, "profil")


def _ordner(werte: Zieleinstellungen, profil: Ablageprofil, host: Host) -> Iterator[Befund]:
    basis = host.ordner / werte.verzeichnis
    if not basis.is_dir():
        if Path(werte.verzeichnis).is_absolute():
            text = (
                f"Der Ordner {basis} fehlt. Bitte anlegen oder das Laufwerk verbinden; Fachwerk legt nur relative an."
            )
            yield _sperre("prosoz.ordner_fehlt", text, "verzeichnis")
        else:
            text = f"Der Ordner {basis} fehlt noch und wird mit dem ersten Vorgang angelegt."
            yield Befund(code="prosoz.wird_angelegt", schwere=Schwere.HINWEIS, text=text, pfad="verzeichnis")
        return
    if Path(werte.verzeichnis).is_absolute() and not (basis / profil.eingang).is_dir():
        text = f"Der Ordner {basis / profil.eingang} fehlt. Bitte anlegen; Fachwerk legt nur unter relativen Pfaden an."
        yield _sperre("prosoz.ordner_fehlt", text, "profil")
    for ordner in dict.fromkeys((basis / profil.eingang, basis / profil.zwischenordner)):
        yield from _beschreibbar(ordner if ordner.is_dir() else basis)
    yield from _gleiches_laufwerk(basis / profil.eingang, basis / profil.zwischenordner)
    yield from _rueckmeldungen(basis, profil)


def _beschreibbar(ordner: Path) -> Iterator[Befund]:
    probe = ordner / f".fachwerk-probe-{secrets.token_hex(8)}"
    try:
        with open(probe, "xb") as datei:
            datei.write(b"fachwerk\n")
    except OSError as fehler:
        problem = dateien.uebersetzt(fehler, ordner)
        yield _sperre(problem.code, problem.hint, "verzeichnis")
    finally:
        with contextlib.suppress(OSError):
            os.unlink(probe)


def _gleiches_laufwerk(eingang: Path, zwischen: Path) -> Iterator[Befund]:
    if eingang.is_dir() and zwischen.is_dir() and eingang.stat().st_dev != zwischen.stat().st_dev:
        text = f"{zwischen} liegt auf einem anderen Laufwerk als {eingang}; Umbenennen wäre dort nicht unteilbar."
        yield _sperre("prosoz.laufwerk", f"{text} Bitte „zwischenordner“ im Profil ändern.", "profil")


def _rueckmeldungen(basis: Path, profil: Ablageprofil) -> Iterator[Befund]:
    if not profil.rueckmeldungen:
        text = "Das Profil nennt keine Rückmeldungen: Ob PROSOZ einen Fall übernommen hat, erfährt Fachwerk nicht."
        yield Befund(code="prosoz.ohne_rueckmeldung", schwere=Schwere.HINWEIS, text=text, pfad="profil")
    for name in dict.fromkeys(rueckmeldung.ordner for rueckmeldung in profil.rueckmeldungen):
        if not os.access(basis / name, os.R_OK | os.X_OK):
            text = (
                f"Der Ordner {basis / name} für Rückmeldungen fehlt oder ist nicht lesbar. Anlegen oder Rechte geben."
            )
            yield _warnung("prosoz.rueckmeldeordner", text, "profil")


def _soap(werte: Zieleinstellungen, profil: Soapprofil, host: Host) -> Iterator[Befund]:
    from fachwerk_prosoz.soapweg import bindung

    try:
        wsdl = lade_wsdl(host.ordner / werte.wsdl)
        vorgaenge = wsdl.bindings[bindung(wsdl, profil)].all()  # type: ignore[no-untyped-call]
    except ConfigError as fehler:
        yield _sperre(fehler.code, fehler.hint, fehler.details.get("schluessel", "wsdl"))
        return
    yield from _operationen(profil, vorgaenge)
    try:
        if werte.kennwort:
            host.secret(werte.kennwort)
        verbindung = werte.verbindung(host)
        pruefe_schluessel(verbindung)
        yield from _zertifikat(werte, host)
        yield from _erreichbar(werte, host.http(verbindung))
    except FachwerkError as fehler:
        yield _sperre("prosoz.verbindung", fehler.hint, str(fehler.details.get("schluessel", "")))


def _operationen(profil: Soapprofil, vorgaenge: Any) -> Iterator[Befund]:
    """Operations of the profile that the WSDL does not have, and fields that their messages do not have."""
    nachfrage, uebergabe = profil.nachfrage, profil.uebergabe
    felder = [*uebergabe.felder, *([uebergabe.schluessel] if uebergabe.schluessel else [])]
    if dokumente := uebergabe.dokumente:
        felder += [f"{dokumente.liste}.{feld}" for feld in (*dokumente.felder, dokumente.inhalt)]
    angaben = [(uebergabe.operation, felder)]
    if nachfrage:
        angaben.append((nachfrage.operation, [*nachfrage.felder, nachfrage.schluessel]))
    for operation, pfade in angaben:
        if operation not in vorgaenge:
            text = f"Die WSDL kennt die Operation „{operation}“ nicht. Sie kennt: {', '.join(sorted(vorgaenge))}."
            yield _sperre("prosoz.operation_fehlt", text, "profil")
            continue
        typ = vorgaenge[operation].input.body.type
        for pfad in pfade:
            if not _hat(typ, pfad.split(".")):
                text = f"Die Anfrage „{operation}“ hat nach der WSDL kein Feld „{pfad}“. Bitte das Profil berichtigen."
                yield _sperre("prosoz.feld_fehlt", text, "profil")


def _hat(typ: Any, namen: list[str]) -> bool:
    """Whether a type of zeep has an element or attribute at this path; what it does not say is believed."""
    for name in namen:
        if not hasattr(typ, "elements"):
            return not hasattr(typ, "accepted_types")
        bekannte = {kind: element.type for kind, element in [*typ.elements, *getattr(typ, "attributes", [])]}
        if name not in bekannte:
            return False
        typ = bekannte[name]
    return True


def _zertifikat(werte: Zieleinstellungen, host: Host) -> Iterator[Befund]:
    if werte.zertifikat is None:
        return
    pfad = host.ordner / werte.zertifikat
    rest = zertifikatsangaben(pfad, host.secret(werte.passphrase) if werte.passphrase else None).restlaufzeit(
        host.now()
    )
    if rest <= timedelta():
        yield _sperre("prosoz.zertifikat_abgelaufen", f"Das Zertifikat {pfad} ist abgelaufen.", "zertifikat")
    elif rest < timedelta(days=werte.warnung_tage):
        text = f"Das Zertifikat {pfad} läuft in {rest.days} Tagen ab. Jetzt ein neues beantragen."
        yield _warnung("prosoz.zertifikat_laeuft_ab", text, "zertifikat")


def _erreichbar(werte: Zieleinstellungen, http: httpx.Client) -> Iterator[Befund]:
    """Knock without asking for anything: TLS, certificates and address, whatever the status."""
    try:
        with http.stream("GET", werte.url) as antwort:
            status = antwort.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as fehler:
        problem: StepError = classify(fehler, idempotent=True)
        yield _sperre(problem.code.replace("transport.", "prosoz."), problem.hint, "url")
        return
    if status in (404, 410):
        text = f"Unter {werte.url} gibt es nichts (HTTP {status}). Die Adresse beim Betreiber von PROSOZ erfragen."
        yield _sperre("prosoz.adresse_falsch", text, "url")


def _sperre(code: str, text: str, pfad: str) -> Befund:
    return Befund(code=code, schwere=Schwere.SPERRE, text=text, pfad=pfad)


def _warnung(code: str, text: str, pfad: str) -> Befund:
    return Befund(code=code, schwere=Schwere.WARNUNG, text=text, pfad=pfad)
