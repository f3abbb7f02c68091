"""``check`` of one Kanal or Ziel: folders, one volume, rights, profile, what waits too long, what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.errors import FachwerkError
from fachwerk.modell import Befund, Kanal, Schwere, Ziel
from fachwerk.xml import XmlFehler
from fachwerk_comvibilia import client
from fachwerk_comvibilia.client import Ordner
from fachwerk_comvibilia.empfang import eigene_namen, ueberfaellig, zuletzt
from fachwerk_comvibilia.mapping import IN_ARBEIT, Grund, grund, kandidaten, unbekannte
from fachwerk_comvibilia.muster import passt_eines
from fachwerk_comvibilia.namen import MAX_PFAD, anzeigbar
from fachwerk_comvibilia.plan import ist_schalter
from fachwerk_comvibilia.profil import Profil, Quittungen
from fachwerk_comvibilia.settings import (
    Kanaleinstellungen,
    Zieleinstellungen,
    kanaleinstellungen,
    zieleinstellungen,
)
from fachwerk_comvibilia.xmlangaben import Angaben

if TYPE_CHECKING:
    from fachwerk.host import Host

_GENANNTE = 10
_LAENGSTER_ORDNER = 120
_WARUM = {
    Grund.MARKE_FEHLT: "die Markierung fehlt (halb kopiert?)",
    Grund.GESPERRT: "eine Sperrdatei liegt dabei",
    Grund.NOCH_EINMAL: "wird beim nächsten Abruf noch einmal angesehen",
    Grund.VERWEIS: "enthält einen Verweis (Symlink) oder etwas, das keine Datei ist",
    Grund.MEHRDEUTIG: "Dateien lassen sich mehreren Nachrichten zuordnen",
    Grund.LEER: "enthält weder Nachricht noch Anlagen",
    Grund.ZU_VIEL: "überschreitet hoechstens_dateien oder hoechstens_mb",
    Grund.METADATEN_FEHLEN: "die Metadaten fehlen",
}


def pruefe(stelle: Kanal | Ziel, host: Host) -> list[Befund]:
    """Every finding; a folder that is not there hides only what lies in it."""
    try:
        return list(_kanal(stelle, host) if isinstance(stelle, Kanal) else _ziel(stelle, host))
    except FachwerkError as fehler:
        return [Befund(code=fehler.code, schwere=Schwere.FEHLER, text=fehler.hint)]


def pruefe_uebergabe(werte: Zieleinstellungen, profil: Profil, host: Host) -> Iterator[Befund]:
    """The findings about an import folder and its receipts; also for Ziele that hand over through one."""
    ordner = Ordner(host.ordner / werte.verzeichnis, werte.ankerdatei)
    if fehlt := _fehlt(ordner.pfad, werte.verzeichnis):
        yield fehlt
        return
    ordner.erreichbar()
    ordner.probiere()
    yield from _pfadlaenge(ordner.pfad)
    if werte.arbeitsverzeichnis:
        yield from _laufwerk(ordner.pfad, host.ordner / werte.arbeitsverzeichnis, "arbeitsverzeichnis")
    yield from _nicht_abgeholt(ordner, werte, profil, host.now())
    if profil.quittungen is None:
        text = "Das Layoutprofil kennt keine Quittungen: Fachwerk erfährt nicht, ob die Übergabe übernommen wurde."
        yield Befund(code="comvibilia.ohne_quittungen", schwere=Schwere.WARNUNG, text=text)
    else:
        wo = Ordner(host.ordner / werte.quittungen) if werte.quittungen else ordner
        yield from _quittungen(wo, profil.quittungen)
    for angabe in werte.auch_suchen:
        client.namen(host.ordner / angabe)


def _ziel(ziel: Ziel, host: Host) -> Iterator[Befund]:
    werte = zieleinstellungen(ziel)
    yield from pruefe_uebergabe(werte, werte.layout(host.ordner), host)


def _kanal(kanal: Kanal, host: Host) -> Iterator[Befund]:
    werte = kanaleinstellungen(kanal)
    profil = werte.layout(host.ordner)
    ordner = Ordner(host.ordner / werte.verzeichnis, werte.ankerdatei)
    if fehlt := _fehlt(ordner.pfad, werte.verzeichnis):
        yield fehlt
        return
    ordner.erreichbar()
    ordner.probiere()
    yield from _pfadlaenge(ordner.pfad)
    verarbeitet = ordner.pfad / werte.verarbeitet
    if Path(werte.verarbeitet).is_absolute() or verarbeitet.exists():
        yield from _laufwerk(ordner.pfad, verarbeitet, "verarbeitet")
    yield from _liegendes(werte, profil, ordner, host.now())


def _liegendes(werte: Kanaleinstellungen, profil: Profil, ordner: Ordner, jetzt: datetime) -> Iterator[Befund]:
    """Messages that wait too long or cannot be taken, the oldest by its age, and files nobody knows."""
    ohne = eigene_namen(werte)
    bestand = ordner.bestand(werte.hoechstens_dateien, ohne)
    alle = kandidaten(profil, bestand, ohne)
    for kandidat in alle[:_GENANNTE]:
        warum = grund(profil, werte, kandidat, bestand)
        if (warum and warum not in IN_ARBEIT) or ueberfaellig(kandidat, jetzt, werte.alarm_minuten):
            sagt = _WARUM[warum] if warum else "ist vollständig, wurde aber nicht übernommen (Abruf prüfen)"
            minuten = int((jetzt - zuletzt(kandidat, jetzt)).total_seconds() // 60)
            text = f"„{anzeigbar(kandidat.stamm)}“ liegt seit {minuten} Minuten im Exportordner: {sagt}."
            yield Befund(code="comvibilia.liegt", schwere=Schwere.WARNUNG, text=text)
    if fremde := unbekannte(profil, bestand, alle, ohne):
        namen = ", ".join(f"„{anzeigbar(name)}“" for name in fremde[:_GENANNTE])
        text = f"{len(fremde)} Datei(en) im Exportordner erklärt das Layoutprofil nicht, sie bleiben liegen: {namen}."
        yield Befund(code="comvibilia.unbekannt", schwere=Schwere.WARNUNG, text=text)


def _nicht_abgeholt(ordner: Ordner, werte: Zieleinstellungen, profil: Profil, jetzt: datetime) -> Iterator[Befund]:
    ausgang = profil.ausgang
    if ausgang is None:
        raise client.profilfehler("Ausgang", werte.profil)
    grenze = jetzt - timedelta(minutes=werte.alarm_minuten)
    alte = [n for n in client.namen(ordner.pfad) if ist_schalter(ausgang, n, "fw") and _zeit(ordner.pfad / n) < grenze]
    if alte:
        text = (
            f"{len(alte)} Übergabe(n) liegen seit mehr als {werte.alarm_minuten} Minuten im Importordner und wurden "
            "nicht abgeholt. Bitte prüfen, ob COM Vibilia läuft und diesen Ordner liest."
        )
        yield Befund(code="comvibilia.nicht_abgeholt", schwere=Schwere.WARNUNG, text=text)


def _quittungen(ordner: Ordner, angaben: Quittungen) -> Iterator[Befund]:
    """Receipts with a word the profile does not explain, or that cannot be read."""
    stumm = unlesbar = 0
    woerter = {wort.casefold() for wort in (*angaben.stufen, *angaben.abgelehnt)}
    muster = [eines.replace("{kennung}", "*") for eines in angaben.muster]
    for name in client.namen(ordner.pfad):
        datei = ordner.datei(name) if passt_eines(muster, name) else None
        if datei is None or datei.fremd:
            continue
        try:
            with ordner.oeffne(name) as strom:
                stumm += Angaben(strom).wert(angaben.stand).casefold() not in woerter
        except XmlFehler:
            unlesbar += 1
    if stumm or unlesbar:
        text = f"{stumm} Quittung(en) nennen einen Stand, den das Layoutprofil nicht kennt, {unlesbar} sind unlesbar."
        yield Befund(code="comvibilia.quittung_unbekannt", schwere=Schwere.WARNUNG, text=text)


def _fehlt(ordner: Path, angabe: str) -> Befund | None:
    if ordner.is_dir():
        return None
    if Path(angabe).is_absolute():
        text = f"Der Ordner {ordner} fehlt. Bitte anlegen oder das Laufwerk verbinden; Fachwerk legt nur relative an."
        return Befund(code="comvibilia.nicht_erreichbar", schwere=Schwere.FEHLER, text=text)
    text = f"Der Ordner {ordner} fehlt noch und wird beim ersten Mal angelegt."
    return Befund(code="comvibilia.wird_angelegt", schwere=Schwere.HINWEIS, text=text)


def _laufwerk(einer: Path, anderer: Path, schluessel: str) -> Iterator[Befund]:
    if not client.gleiches_laufwerk(einer, anderer):
        text = f"{anderer} ({schluessel}) liegt auf einem anderen Laufwerk als {einer}; Umbenennen geht dann nicht."
        yield Befund(code="comvibilia.anderes_laufwerk", schwere=Schwere.FEHLER, text=text)


def _pfadlaenge(ordner: Path) -> Iterator[Befund]:
    if len(str(ordner.absolute())) > _LAENGSTER_ORDNER:
        text = f"Der Pfad {ordner} ist länger als {_LAENGSTER_ORDNER} Zeichen; bis {MAX_PFAD} bleibt wenig Platz."
        yield Befund(code="comvibilia.pfad_lang", schwere=Schwere.HINWEIS, text=text)


def _zeit(pfad: Path) -> datetime:
    with client.stoerung(pfad.parent):
        return datetime.fromtimestamp(pfad.lstat().st_mtime, UTC)
