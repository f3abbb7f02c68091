"""Writes a letter as files: plain text, a draft for the mail program (.eml), and a PDF where something can set it.

Who sets PDFs is found by the entry point group ``fachwerk.brief``: a function ``(Brief, datetime) -> bytes``. The core
itself has none, and says so instead of leaving the PDF out in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from importlib import metadata
from pathlib import Path

from fachwerk.anbindung.frist import ORTSZEIT
from fachwerk.anbindung.schreiben import AnbindungError, Brief

GRUPPE = "fachwerk.brief"
"""Entry points that set a letter as PDF; the first by name is used."""

Setzer = Callable[[Brief, datetime], bytes]

OHNE_PDF = (
    "Kein PDF: Es ist nichts installiert, das Briefe setzt. Mit der Distribution fachwerk-aktenablage entsteht es und "
    "liegt dann auch der Mail bei."
)


@dataclass(frozen=True)
class Ablage:
    """What was written; ``hinweis`` says what was not, and why."""

    dateien: tuple[Path, ...]
    hinweis: str = ""


def lege_ab(brief: Brief, ordner: Path, jetzt: datetime, ersetzen: bool = False) -> Ablage:
    """Write ``NAME.txt``, ``NAME.eml`` and ``NAME.pdf`` to ``ordner``; never over a letter that may have been sent."""
    setzer = pdf_setzer()
    pdf = setzer(brief, jetzt) if setzer else None
    inhalte = {"txt": brief.text.encode(), "eml": als_eml(brief, jetzt, pdf)} | ({"pdf": pdf} if pdf else {})
    pfade = {endung: ordner / f"{brief.name}.{endung}" for endung in inhalte}
    vorhanden = [pfad.name for pfad in pfade.values() if pfad.exists()]
    if vorhanden and not ersetzen:
        text = f"In {ordner} liegt schon: {', '.join(vorhanden)}. Aufheben, oder mit --ersetzen neu schreiben."
        raise AnbindungError("anbindung_vorhanden", text)
    _schreibe({pfade[endung]: inhalt for endung, inhalt in inhalte.items()}, ordner)
    return Ablage(tuple(pfade.values()), "" if pdf else OHNE_PDF)


def _schreibe(dateien: dict[Path, bytes], ordner: Path) -> None:
    try:
        ordner.mkdir(parents=True, exist_ok=True)
        for pfad, inhalt in dateien.items():
            pfad.write_bytes(inhalt)
    except OSError as fehler:
        text = f"Nach {ordner} lässt sich nicht schreiben ({fehler.strerror}). Anderen Ordner nennen: --ordner PFAD."
        raise AnbindungError("anbindung_ordner", text) from None


def pdf_setzer() -> Setzer | None:
    """The installed function that sets a letter, None without one."""
    punkte = sorted(metadata.entry_points(group=GRUPPE), key=lambda punkt: punkt.name)
    setzer: Setzer | None = punkte[0].load() if punkte else None
    return setzer


def als_eml(brief: Brief, jetzt: datetime, pdf: bytes | None = None) -> bytes:
    """A draft: ``X-Unsent`` lets a mail program open it ready to be sent; it adds the sender itself."""
    mail = EmailMessage(policy=SMTP)
    mail["To"] = brief.mail
    mail["Subject"] = brief.betreff
    mail["Date"] = format_datetime(jetzt.astimezone(ORTSZEIT))
    mail["X-Unsent"] = "1"
    mail.set_content(brief.text, charset="utf-8", cte="quoted-printable")
    if pdf is not None:
        mail.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{brief.name}.pdf")
    return mail.as_bytes()
