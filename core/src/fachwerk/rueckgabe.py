"""Send a held case back on purpose: who, when, how and why is kept, and a letter to the sender is written.

No way back into a mailbox is published, so the letter is text and mail for a person to send; it stays with the case and
can be written out again. It is not a decision on the application, and nothing of the content goes with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm, line
from fachwerk.modell import Anlage, Antrag, Eingang, Person, Sendung, Teil, Vorgangstand
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import zustellung
from fachwerk.versiegeln import versiegle
from fachwerk.zulaessigkeit import BEENDET, nein, pruefe_ausgang, pruefe_inhalt
from fachwerk.zustellstand import ersetze_offene

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

SCHRITT = "rueckgabe"
TEXT, MAIL = "rueckgabe.txt", "rueckgabe.eml"
_WIE = "wie"
_EMAIL_KANAL = "01"
_ADRESSE = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}", re.ASCII)


def gib_zurueck(betrieb: Betrieb, vorgang_id: str, *, wer: str, wie: str, grund: str) -> None:
    """End a held case as returned, with its letter, in one commit.

    ``wie`` says how the sender learns of it (by post, by telephone …); it and ``grund`` are content of the case.
    Raises ``LookupError`` for an unknown case, ``EingriffError`` for one that is not held or whose outcome is open.
    """
    store, begonnen = betrieb.store, datetime.now(UTC)
    sendung = _sendung(betrieb, store.vorgang(vorgang_id), wie, grund, begonnen)
    with store.transaktion("rueckgabe") as verbindung:
        zeile = store.sperre(verbindung, vorgang_id)
        _pruefe_stand(zeile)
        pruefe_inhalt(verbindung, vorgang_id, sperre=True)
        pruefe_ausgang(verbindung, vorgang_id)
        _pruefe_zugestellte(verbindung, vorgang_id)
        ersetze_offene(verbindung, vorgang_id)
        fertig = versiegle(betrieb, verbindung, vorgang_id, sendung)
        store.schreibe_schritt(verbindung, vorgang_id, zeile.lauf, Schrittangabe(SCHRITT, begonnen), fertig)
        store.aendere(verbindung, vorgang_id, status=Vorgangstand.RETURNED.value, **_OFFEN)
        store.vermerke(verbindung, vorgang_id, wer, "zurueckgegeben", zeile.grund, grund)
        alarm.behebe(verbindung, alarm.des_vorgangs(vorgang_id))
    betrieb.melde_schritt(vorgang_id, SCHRITT)


_OFFEN: dict[str, Any] = {"grund": "", "hinweis": "", "gehalten_fuer": "", "wartet_bis": None}


def schreiben(store: Store, vorgang_id: str) -> dict[str, bytes]:
    """The letter of a returned case, as text and as mail, by file name. Raises ``EingriffError`` if there is none."""
    zeile = store.vorgang(vorgang_id)
    ausgabe = store.ausgabe(vorgang_id, SCHRITT)
    if zeile.status != Vorgangstand.RETURNED or ausgabe is None:
        text = "Zu diesem Vorgang gibt es kein Rückgabeschreiben. Zum Zurückgeben --wie und --grund angeben."
        raise nein("rueckgabe_ohne_schreiben", text)
    with store.lesend() as verbindung:
        pruefe_inhalt(verbindung, vorgang_id)
    sendung = store.lies_wert(Sendung, ausgabe)
    return {anlage.pfad: b"".join(anlage.teil.bytes_strom()) for anlage in sendung.anlagen}


def lege_ab(ordner: Path, vorgang_id: str, dateien: Mapping[str, bytes]) -> list[Path]:
    """Write the letter to ``ordner``, readable by the caller alone; never over one that may have been sent.

    Raises ``EingriffError``; the letter stays with the case and can be written elsewhere.
    """
    pfade = {ordner / f"{vorgang_id[:12]}_{name}": inhalt for name, inhalt in dateien.items()}
    try:
        ordner.mkdir(parents=True, exist_ok=True)
        for pfad, inhalt in pfade.items():
            with open(os.open(pfad, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as datei:
                datei.write(inhalt)
    except OSError as fehler:
        text = (
            f"Das Schreiben lässt sich nicht nach {ordner} schreiben ({fehler.strerror}). Es ist im Vorgang "
            "aufbewahrt: „fachwerk vorgang return KENNUNG --ordner PFAD“ schreibt es an einen anderen Ort."
        )
        raise nein("rueckgabe_ordner", text) from None
    return list(pfade)


def _pruefe_stand(zeile: Any) -> None:
    if zeile.status in BEENDET:
        raise nein("vorgang_beendet", f"Der Vorgang ist „{zeile.status}“ und damit hier beendet.")
    if zeile.status != Vorgangstand.HELD:
        text = f"Der Vorgang ist „{zeile.status}“. Zurückgegeben wird nur, was gehalten ist und bei niemandem liegt."
        raise nein("rueckgabe_nicht_gehalten", text)


def _pruefe_zugestellte(verbindung: sa.Connection, vorgang_id: str) -> None:
    """Nobody has it: whoever is told that it comes back must not find it being worked on."""
    z = zustellung.c
    hier = z.vorgang_id == vorgang_id, z.fassung > 0, z.status == "zugestellt"
    if (ziel := verbindung.execute(sa.select(z.ziel).where(*hier)).scalars().first()) is not None:
        text = f"Der Vorgang liegt schon bei „{ziel}“. Zurückgeben muss ihn, wer ihn bearbeitet."
        raise nein("rueckgabe_zugestellt", text)


# -- the letter -------------------------------------------------------------------------------------------------------


def _sendung(betrieb: Betrieb, zeile: Any, wie: str, grund: str, zeit: datetime) -> Sendung:
    """The letter as a value of the journal; it has no Ziel, because a person sends it."""
    if not (wie.strip() and grund.strip()):
        raise nein("rueckgabe_ohne_angaben", "Bitte sagen, wie (--wie) und warum (--grund) zurückgegeben wird.")
    with betrieb.store.lesend() as verbindung:
        _pruefe_stand(zeile)
        pruefe_inhalt(verbindung, zeile.id)
    eingang = betrieb.store.lies_wert(Eingang, betrieb.store.ausgabe(zeile.id, "receive") or "")
    wer = _antragsteller(betrieb.store, zeile.id)
    text = brief(betrieb.einstellungen.fachwerk.betreiber, zeile, eingang, wer, wie, grund, zeit)
    teile = [
        Teil.entwurf(TEXT, "text/plain", lambda: [text.encode("utf-8")], "Rückgabeschreiben"),
        Teil.entwurf(MAIL, "message/rfc822", lambda: [_mail(text, wer)], "Rückgabeschreiben als Mail"),
    ]
    anlagen = tuple(Anlage(pfad=teil.name, teil=teil) for teil in teile)
    return Sendung(ziel="", bezeichnung=SCHRITT, anlagen=anlagen, metadaten={_WIE: wie.strip()})


def _antragsteller(store: Store, vorgang_id: str) -> Person | None:
    """Who applied, if the message was read so far that one person is certain."""
    if (ausgabe := store.ausgabe(vorgang_id, "map")) is None:
        return None
    personen = store.lies_wert(Antrag, ausgabe).personen
    gefunden = [person for person in personen if person.antragsteller] or list(personen)
    return gefunden[0] if len(gefunden) == 1 else None


def brief(
    betreiber: str, zeile: Any, eingang: Eingang, wer: Person | None, wie: str, grund: str, zeit: datetime
) -> str:
    """The letter as text; day of receipt and ids are those of the message."""
    return "\n".join(
        [
            betreiber or "Absender bitte eintragen",
            "",
            *(_anschrift(wer) or ["Anschrift bitte eintragen"]),
            "",
            f"{zeit.astimezone(line.ORTSZEIT):%d.%m.%Y}",
            "",
            "Rückgabe Ihres Antrags",
            "",
            f"Guten Tag{' ' + wer.name.anzeige if wer and wer.name.anzeige else ''},",
            "",
            f"Ihr Antrag ist am {line.stichtag(eingang):%d.%m.%Y} bei uns eingegangen. Wir können ihn so nicht",
            "bearbeiten und geben ihn zurück. Dieses Schreiben ist kein Bescheid über den Antrag.",
            "",
            "Grund:",
            grund.strip(),
            "",
            f"Kennung der Nachricht: {' '.join(eingang.nachricht_id.split())}",
            f"Nachrichten-UUID: {zeile.nachrichten_uuid or 'keine'}",
            f"Unser Vorgang: {zeile.id}",
            f"Weg der Rückgabe: {wie.strip()}",
            "",
        ]
    )


def _anschrift(wer: Person | None) -> list[str]:
    if wer is None or not wer.anschriften:
        return []
    a = wer.anschriften[0]
    zeilen = [wer.name.anzeige, a.zusatz, f"{a.strasse} {a.hausnummer}", f"{a.postleitzahl} {a.wohnort}"]
    return [zeile.strip() for zeile in zeilen if zeile.strip()]


def _mail(text: str, wer: Person | None) -> bytes:
    """A draft a mail program opens for sending; without a certain address the recipient stays open."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = "Rückgabe Ihres Antrags"
    mail["X-Unsent"] = "1"
    kennungen = [k.kennung.strip() for k in wer.kommunikation if k.kanal == _EMAIL_KANAL] if wer else []
    if len(kennungen) == 1 and _ADRESSE.fullmatch(kennungen[0]):
        mail["To"] = kennungen[0]
    mail.set_content(text, cte="base64")
    return mail.as_bytes()
