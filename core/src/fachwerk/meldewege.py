"""The ways to people: a mail by SMTP, a JSON document to a webhook. The only file that sends anything about alarms.

Both carry ids, codes and hints, never content. Nothing is repeated here. The exceptions of the network become
``MeldungError`` with a code; their texts, which may name accounts, stay out of it.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

import structlog

from fachwerk.errors import FachwerkError
from fachwerk.meldetext import Eintrag, als_text, betreff
from fachwerk.modell import utc
from fachwerk.settings import secret
from fachwerk.transport import Verbindung, oeffne, ssl_kontext

if TYPE_CHECKING:
    from fachwerk.alarmeinstellungen import AlarmEinstellungen
    from fachwerk.settings import Einstellungen

log = structlog.get_logger("fachwerk.meldung")

MAIL, WEBHOOK = "mail", "webhook"
ALLE = (MAIL, WEBHOOK)
WORT = {MAIL: "Mail", WEBHOOK: "Webhook"}
"""The ways for people."""

ZEITGRENZE_S = 20.0


class MeldungError(FachwerkError):
    """A message was not accepted."""


def wege(einstellungen: Einstellungen) -> tuple[str, ...]:
    """The ways that are configured."""
    angaben = einstellungen.alarm
    gibt_es = {MAIL: bool(angaben.mail and angaben.smtp), WEBHOOK: bool(angaben.webhook)}
    return tuple(weg for weg in ALLE if gibt_es[weg])


def sende(einstellungen: Einstellungen, weg: str, kennung: str, zeit: datetime, eintraege: Sequence[Eintrag]) -> None:
    """Send one message now. Returns when the receiving server has accepted it, else raises ``FachwerkError``."""
    if weg == MAIL:
        _sende_mail(einstellungen, als_mail(einstellungen, kennung, utc(zeit), eintraege))
    else:
        _sende_webhook(einstellungen, kennung, als_dokument(einstellungen, kennung, utc(zeit), eintraege))


# -- mail -------------------------------------------------------------------------------------------------------------


def als_mail(einstellungen: Einstellungen, kennung: str, zeit: datetime, eintraege: Sequence[Eintrag]) -> EmailMessage:
    """The message; the same ``kennung`` gives the same ``Message-ID``."""
    angaben, betreiber = einstellungen.alarm, einstellungen.fachwerk.betreiber
    absender = angaben.absender or angaben.mail[0]
    mail = EmailMessage()
    mail["Subject"] = betreff(eintraege, " ".join(betreiber.split()))
    mail["From"] = absender
    mail["To"] = ", ".join(angaben.mail)
    mail["Date"] = format_datetime(zeit)
    mail["Message-ID"] = f"<{kennung}@{absender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(als_text(eintraege, einstellungen.konsole.url))
    return mail


def _sende_mail(einstellungen: Einstellungen, mail: EmailMessage) -> None:
    angaben = einstellungen.alarm
    kontext = ssl_kontext(_verbindung(einstellungen))
    kennwort = secret(angaben.smtp_kennwort, einstellungen.ordner) if angaben.smtp_kennwort else ""
    try:
        with _server(angaben, kontext) as server:
            if angaben.smtp_benutzer:
                server.login(angaben.smtp_benutzer, kennwort)
            abgelehnte = server.send_message(mail)
    except smtplib.SMTPAuthenticationError:
        raise MeldungError("smtp_anmeldung", "Der Mailserver lehnt Benutzer oder Kennwort ab.") from None
    except smtplib.SMTPRecipientsRefused:
        raise MeldungError("smtp_empfaenger", "Der Mailserver nimmt keinen der Empfänger an ([alarm].mail).") from None
    except smtplib.SMTPNotSupportedError:
        text = "Der Mailserver bietet STARTTLS oder die Anmeldung nicht an ([alarm].smtp_verschluesselung)."
        raise MeldungError("smtp_verschluesselung", text) from None
    except ssl.SSLError:
        text = "Dem Zertifikat des Mailservers ist nicht zu trauen, oder er spricht kein TLS ([alarm].ca, smtp)."
        raise MeldungError("smtp_tls", text) from None
    except (smtplib.SMTPException, ValueError) as fehler:
        status = getattr(fehler, "smtp_code", "")
        text = f"Der Mailserver hat die Mail nicht angenommen{f' (SMTP {status})' if status else ''}."
        raise MeldungError("smtp_abgelehnt", text) from None
    except OSError:
        text = f"Der Mailserver {angaben.smtp} ist nicht zu erreichen."
        raise MeldungError("smtp_nicht_erreichbar", text) from None
    if abgelehnte:
        log.warning("meldung_teils_abgelehnt", empfaenger=len(abgelehnte))


def _server(angaben: AlarmEinstellungen, kontext: ssl.SSLContext) -> smtplib.SMTP:
    rechner, _, port = angaben.smtp.rpartition(":")
    rechner = rechner.strip("[]")
    if angaben.smtp_verschluesselung == "tls":
        return smtplib.SMTP_SSL(rechner, int(port), timeout=ZEITGRENZE_S, context=kontext)
    server = smtplib.SMTP(rechner, int(port), timeout=ZEITGRENZE_S)
    try:
        if angaben.smtp_verschluesselung == "starttls":
            server.starttls(context=kontext)
    except BaseException:
        server.close()
        raise
    return server


# -- webhook ----------------------------------------------------------------------------------------------------------


def als_dokument(
    einstellungen: Einstellungen, kennung: str, zeit: datetime, eintraege: Sequence[Eintrag]
) -> dict[str, object]:
    """What the webhook gets; ``text`` is the same for people, as chat services show it."""
    verweis = f"{einstellungen.konsole.url.rstrip('/')}/alarme" if einstellungen.konsole.url else ""
    return {
        "schema": 1,
        "kennung": kennung,
        "zeit": zeit.isoformat(),
        "betreiber": einstellungen.fachwerk.betreiber,
        "konsole": verweis,
        "text": betreff(eintraege, einstellungen.fachwerk.betreiber),
        "meldungen": list(eintraege),
    }


def _sende_webhook(einstellungen: Einstellungen, kennung: str, dokument: dict[str, object]) -> None:
    import httpx

    angaben = einstellungen.alarm
    kopf = {"Content-Type": "application/json", "Idempotency-Key": kennung}
    if angaben.webhook_geheimnis:
        kopf["Authorization"] = f"Bearer {secret(angaben.webhook_geheimnis, einstellungen.ordner)}"
    inhalt = json.dumps(dokument, ensure_ascii=False).encode()
    try:
        with oeffne(_verbindung(einstellungen)) as client:
            antwort = client.post(angaben.webhook, content=inhalt, headers=kopf)
    except (httpx.HTTPError, ValueError):
        text = "Der Webhook ist nicht zu erreichen, oder seinem Zertifikat ist nicht zu trauen ([alarm].webhook, ca)."
        raise MeldungError("webhook_nicht_erreichbar", text) from None
    if not antwort.is_success:
        text = f"Der Webhook hat die Meldung nicht angenommen (HTTP {antwort.status_code})."
        raise MeldungError(f"webhook_{antwort.status_code}", text)


def _verbindung(einstellungen: Einstellungen) -> Verbindung:
    ca = einstellungen.alarm.ca
    grenze = ZEITGRENZE_S
    return Verbindung(ca=einstellungen.pfad(ca) if ca else None, verbinden_s=grenze, lesen_s=grenze, schreiben_s=grenze)
