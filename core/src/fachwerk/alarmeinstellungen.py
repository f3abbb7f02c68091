"""The section ``[alarm]``: who is told, by which way, and from which threshold on."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_MAIL = re.compile(r"[^@\s<>,;\"\x00-\x1f]+@[^@\s<>,;\"\x00-\x1f]+")


def _mail(text: str) -> str:
    if text and not (_MAIL.fullmatch(text) and text.isascii()):
        raise ValueError("Das ist keine Mail-Adresse (ohne Namen und ohne Umlaute): it@musterow.example.")
    return text


def _mailserver(text: str) -> str:
    rechner, trenner, port = text.rpartition(":")
    if text and not (trenner and rechner and re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) and 0 < int(port) < 65536):
        raise ValueError("Ein Mailserver ist Rechner und Port: mail.musterow.example:587.")
    return text


def _webhook(text: str) -> str:
    teile = urlsplit(text)
    if text and (teile.scheme != "https" or not teile.hostname or teile.username or teile.password):
        raise ValueError("Ein Webhook ist eine https-Adresse ohne Benutzer und Kennwort; dafür webhook_geheimnis.")
    return text


class AlarmEinstellungen(BaseModel):
    """``[alarm]``. ``smtp`` is host:port; ``smtp_kennwort`` and ``webhook_geheimnis`` are references to secrets.

    ``ca`` holds for both ways; without it the CAs of the system do. ``zertifikat_tage`` are days before the end of a
    certificate, ``frist_tage`` days before the deadline of a case, ``platz_gb`` GiB that should stay free.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mail: tuple[Annotated[str, AfterValidator(_mail)], ...] = ()
    absender: Annotated[str, AfterValidator(_mail)] = ""
    smtp: Annotated[str, AfterValidator(_mailserver)] = ""
    smtp_verschluesselung: Literal["starttls", "tls", "keine"] = "starttls"
    smtp_benutzer: str = ""
    smtp_kennwort: str = ""
    webhook: Annotated[str, AfterValidator(_webhook)] = ""
    webhook_geheimnis: str = ""
    ca: str = ""
    ohne_abholung_minuten: int = Field(default=60, ge=1)
    gehalten_stunden: int = Field(default=4, ge=1)
    unbestaetigt_stunden: int = Field(default=24, ge=1)
    postfach_warnung_tage: int = Field(default=1, ge=1)
    postfach_kritisch_tage: int = Field(default=3, ge=1)
    zertifikat_tage: tuple[Annotated[int, Field(ge=0, le=3650)], ...] = (90, 30, 7)
    frist_tage: int = Field(default=3, ge=0)
    platz_gb: float = Field(default=2.0, ge=0)

    @model_validator(mode="after")
    def _kein_kennwort_im_klartext(self) -> Self:
        if self.smtp_verschluesselung == "keine" and (self.smtp_benutzer or self.smtp_kennwort):
            raise ValueError("Benutzer und Kennwort gehen nur verschlüsselt zum Mailserver: starttls oder tls wählen.")
        return self
