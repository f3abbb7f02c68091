"""Accounts of the console: names, passwords (argon2id) and rights, kept in the database so that every node has them.

Too many wrong passwords lock an account for a while; the time doubles. Whether the name or the password was wrong,
nobody is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk.datenbank import fuege_neu_ein
from fachwerk.errors import FachwerkError
from fachwerk.modell import utc
from fachwerk.rechte import Erteilt, Person, Recht
from fachwerk.store import BETRIEB
from fachwerk.tabellen import konto, sitzung

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from fachwerk.store import Store

log = structlog.get_logger("fachwerk.konten")

MINDESTLAENGE = 12
HOECHSTLAENGE = 1024
"""Characters of a password; the upper bound keeps a flood of bytes away from argon2."""

FREIE_VERSUCHE = 5
ERSTE_SPERRE = timedelta(minutes=1)
LAENGSTE_SPERRE = timedelta(hours=1)

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,62}", re.ASCII)
_NIEMAND = "$argon2id$v=19$m=65536,t=3,p=4$c2FsenNhbHpzYWx6c2Fseg$nXTEQcXmVVz8HHx8xZ4vWeIR1YlZzy4VmG5jEoTdJEo"
"""The hash of no account, verified where there is none, so that the time tells nothing."""


class KontoError(FachwerkError):
    """An account cannot be made, changed or used like this."""


def lege_an(store: Store, name: str, kennwort: str, rechte: Sequence[Erteilt], wer: str) -> None:
    """Make an account; ``KontoError`` if name, password or rights do not do, or the name is taken."""
    pruefe_name(name)
    pruefe_kennwort(kennwort, name)
    if not rechte:
        raise KontoError("konto_ohne_recht", f"Ein Konto braucht mindestens ein Recht: {', '.join(Recht)}.")
    werte = {"kennwort": _hasher().hash(kennwort), "rechte": _als_text(rechte), "angelegt": datetime.now(UTC)}
    with store.transaktion("konto") as verbindung:
        if not fuege_neu_ein(verbindung, konto, name=name, fehlversuche=0, **werte):
            raise KontoError("konto_vorhanden", f"Das Konto „{name}“ gibt es schon. Bitte zuerst entfernen.")
        store.vermerke(verbindung, BETRIEB, wer, "konto_angelegt", _code(name, rechte))


def entferne(store: Store, name: str, wer: str) -> None:
    """Remove an account and end its sessions at once."""
    with store.transaktion("konto") as verbindung:
        verbindung.execute(sitzung.delete().where(sitzung.c.konto == name))
        if not verbindung.execute(konto.delete().where(konto.c.name == name)).rowcount:
            raise KontoError("konto_unbekannt", f"Ein Konto „{name}“ gibt es nicht („fachwerk konto list“).")
        store.vermerke(verbindung, BETRIEB, wer, "konto_entfernt", name)


def liste(store: Store) -> list[dict[str, Any]]:
    """All accounts by name, as JSON fields: name, rights, since when, locked until."""
    with store.lesend() as verbindung:
        zeilen = list(verbindung.execute(sa.select(konto).order_by(konto.c.name)))
    return [
        {
            "konto": zeile.name,
            "rechte": [str(eins) for eins in _aus_text(zeile.rechte)],
            "angelegt": utc(zeile.angelegt).isoformat(),
            "gesperrt_bis": utc(zeile.gesperrt_bis).isoformat() if _ist_gesperrt(zeile) else None,
        }
        for zeile in zeilen
    ]


def person(store: Store, name: str) -> Person | None:
    """The account with its rights of now; None if there is none."""
    with store.lesend() as verbindung:
        zeile = verbindung.execute(sa.select(konto).where(konto.c.name == name)).one_or_none()
    return None if zeile is None else Person(zeile.name, _aus_text(zeile.rechte))


def melde_an(store: Store, name: str, kennwort: str) -> Person:
    """The person behind name and password; ``KontoError`` ``anmeldung_falsch`` or ``anmeldung_gesperrt``."""
    from argon2.exceptions import InvalidHashError, VerificationError

    name = name.strip().casefold()
    with store.lesend() as verbindung:
        zeile = verbindung.execute(sa.select(konto).where(konto.c.name == name)).one_or_none()
    if zeile is not None and _ist_gesperrt(zeile):
        raise KontoError(
            "anmeldung_gesperrt",
            "Zu viele falsche Anmeldungen: Das Konto ist für kurze Zeit gesperrt. Bitte später noch einmal versuchen.",
        )
    try:
        _hasher().verify(_NIEMAND if zeile is None else zeile.kennwort, kennwort[:HOECHSTLAENGE])
        richtig = True
    except (VerificationError, InvalidHashError):
        richtig = False
    if zeile is None or not richtig:
        _zaehle_fehlversuch(store, "" if zeile is None else name)
        raise KontoError("anmeldung_falsch", "Name oder Kennwort stimmen nicht.")
    with store.transaktion("anmeldung") as verbindung:
        werte: dict[str, Any] = {"fehlversuche": 0, "gesperrt_bis": None}
        if _hasher().check_needs_rehash(zeile.kennwort):
            werte["kennwort"] = _hasher().hash(kennwort)
        verbindung.execute(konto.update().where(konto.c.name == name).values(**werte))
        store.vermerke(verbindung, BETRIEB, name, "angemeldet")
    return Person(name, _aus_text(zeile.rechte))


def pruefe_name(name: str) -> None:
    """``KontoError`` for a name that will not do."""
    if not _NAME.fullmatch(name):
        raise KontoError(
            "konto_name",
            "Ein Kontoname hat 2 bis 63 Zeichen: kleine Buchstaben, Ziffern, Punkt, Binde- und Unterstrich, @.",
        )


def pruefe_kennwort(kennwort: str, name: str) -> None:
    """``KontoError`` for a password that is too short or holds the name (BSI ORP.4: length before variety)."""
    if not MINDESTLAENGE <= len(kennwort) <= HOECHSTLAENGE or name in kennwort.casefold() or len(set(kennwort)) < 5:
        raise KontoError(
            "kennwort_schwach",
            f"Das Kennwort braucht mindestens {MINDESTLAENGE} Zeichen, davon fünf verschiedene, und darf den Namen des "
            "Kontos nicht enthalten.",
        )


def _zaehle_fehlversuch(store: Store, name: str) -> None:
    """Count it, lock the account after too many, note both; an unknown name leaves a line without name."""
    with store.transaktion("anmeldung") as verbindung:
        frage = konto.update().where(konto.c.name == name).values(fehlversuche=konto.c.fehlversuche + 1)
        anzahl = verbindung.execute(frage.returning(konto.c.fehlversuche)).scalar_one_or_none() or 0
        if anzahl >= FREIE_VERSUCHE:
            sperre = min(ERSTE_SPERRE * 2 ** min(anzahl - FREIE_VERSUCHE, 10), LAENGSTE_SPERRE)
            gesperrt = konto.update().where(konto.c.name == name).values(gesperrt_bis=datetime.now(UTC) + sperre)
            verbindung.execute(gesperrt)
        was = "konto_gesperrt" if anzahl >= FREIE_VERSUCHE else "anmeldung_falsch"
        store.vermerke(verbindung, BETRIEB, "konsole", was, name)
    log.warning(was, konto=name)


def _ist_gesperrt(zeile: Any) -> bool:
    return zeile.gesperrt_bis is not None and utc(zeile.gesperrt_bis) > datetime.now(UTC)


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


def _als_text(rechte: Sequence[Erteilt]) -> str:
    return json.dumps(sorted({str(eins) for eins in rechte}))


def _aus_text(text: str) -> tuple[Erteilt, ...]:
    return tuple(map(Erteilt.aus, json.loads(text)))


def _code(name: str, rechte: Sequence[Erteilt]) -> str:
    return f"{name} {','.join(sorted(str(eins) for eins in rechte))}"[:200]
