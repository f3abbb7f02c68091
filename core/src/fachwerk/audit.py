"""Prove the audit chains: find every line that was changed, removed or moved, and say where.

A seal covers its line and the seal before it. What is cut off at the end of a chain no seal can show; that is what
the heads are for, which leave the database every day (:func:`schreibe_koepfe`): a chain must still hold each of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
import structlog

from fachwerk.errors import FachwerkError
from fachwerk.store import BETRIEB, auditzeile
from fachwerk.tabellen import ereignis, vorgang

if TYPE_CHECKING:
    from fachwerk.store import Store

log = structlog.get_logger("fachwerk.audit")

Bruchart = Literal["geaendert", "fehlt", "kette_fehlt", "abgeschnitten"]

HOECHSTENS_GENANNT = 10
"""So many missing lines of one gap are named."""

_WORT: dict[Bruchart, str] = {
    "geaendert": "Zeile {nr} wurde verändert oder verschoben: Ihr Siegel passt nicht.",
    "fehlt": "Zeile {nr} fehlt.",
    "kette_fehlt": "Zu diesem Vorgang fehlt die ganze Kette.",
    "abgeschnitten": "Zeile {nr} stand hier schon und ist nicht mehr da, oder sie lautete anders.",
}


class AuditError(FachwerkError):
    """The heads cannot be read or written."""


@dataclass(frozen=True)
class Bruch:
    """A place where a chain does not hold: which chain, which line, what is wrong."""

    kette: str
    nr: int
    art: Bruchart

    @property
    def text(self) -> str:
        """The same for a person."""
        return f"Kette {self.kette}: {_WORT[self.art].format(nr=self.nr)}"


@dataclass(frozen=True)
class Kopf:
    """The last line of a chain at some time."""

    kette: str
    nr: int
    siegel: str


@dataclass
class Pruefung:
    """What :func:`pruefe` has seen: numbers of chains, lines and heads, and every break."""

    ketten: int = 0
    zeilen: int = 0
    koepfe: int = 0
    brueche: list[Bruch] = field(default_factory=list)


def pruefe(store: Store, koepfe: Iterable[Kopf] = (), fortschritt: Callable[[int], object] = id) -> Pruefung:
    """Walk through all chains in one read of the database; ``fortschritt`` gets the number of lines now and then."""
    erwartet: dict[tuple[str, int], str] = {(kopf.kette, kopf.nr): kopf.siegel for kopf in koepfe}
    ergebnis = Pruefung(koepfe=len(erwartet))
    kette, nr, vorher = "", 0, ""
    frage = sa.select(ereignis).order_by(ereignis.c.kette, ereignis.c.nr)
    with store.lesend(in_bloecken=True) as verbindung:
        for zeile in verbindung.execution_options(yield_per=2000).execute(frage):
            if zeile.kette != kette:
                kette, nr, vorher = zeile.kette, 0, ""
                ergebnis.ketten += 1
            _vergleiche(store, ergebnis, zeile, nr, vorher)
            if (siegel := erwartet.pop((kette, zeile.nr), None)) is not None and siegel != zeile.siegel:
                ergebnis.brueche.append(Bruch(kette, zeile.nr, "abgeschnitten"))
            nr, vorher = zeile.nr, zeile.siegel
            ergebnis.zeilen += 1
            if ergebnis.zeilen % 2000 == 0:
                fortschritt(ergebnis.zeilen)
        ohne = sa.select(vorgang.c.id).where(~sa.exists().where(ereignis.c.kette == vorgang.c.id))
        ergebnis.brueche += [Bruch(kennung, 1, "kette_fehlt") for kennung in verbindung.execute(ohne).scalars()]
    ergebnis.brueche += [Bruch(kette, nr, "abgeschnitten") for kette, nr in erwartet]
    return ergebnis


def _vergleiche(store: Store, ergebnis: Pruefung, zeile: Any, nr: int, vorher: str) -> None:
    """After a gap the seal before is not known, so there is only the gap to report."""
    if zeile.nr != nr + 1:
        ergebnis.brueche += [
            Bruch(zeile.kette, fehlende, "fehlt") for fehlende in range(nr + 1, min(zeile.nr, nr + 11))
        ]
        return
    siegel = store.bund.siegle(auditzeile(zeile, vorher))
    if not hmac.compare_digest(siegel, zeile.siegel):
        ergebnis.brueche.append(Bruch(zeile.kette, zeile.nr, "geaendert"))


# -- heads ------------------------------------------------------------------------------------------------------------


def koepfe_seit(store: Store, seit: datetime) -> list[Kopf]:
    """The heads of the chains that have grown since, and that of the installation."""
    e = ereignis.c
    je_kette = sa.select(e.kette, sa.func.max(e.nr).label("nr")).group_by(e.kette)
    gewachsen = je_kette.having(sa.or_(sa.func.max(e.zeit) >= seit, e.kette == BETRIEB)).subquery()
    frage = sa.select(e.kette, e.nr, e.siegel).join(
        gewachsen, sa.and_(e.kette == gewachsen.c.kette, e.nr == gewachsen.c.nr)
    )
    with store.lesend() as verbindung:
        return [Kopf(*zeile) for zeile in verbindung.execute(frage.order_by(e.kette))]


def schreibe_koepfe(store: Store, ordner: Path, heute: date) -> Path | None:
    """Write the heads of the last two days into ``koepfe-DATUM.jsonl``, once a day; None if it lies there already.

    The last line seals the file with the site key. Its digest also goes into the log, which a site sends elsewhere.
    """
    datei = ordner / f"koepfe-{heute.isoformat()}.jsonl"
    if datei.exists():
        return None
    zeilen = [_als_zeile(kopf) for kopf in koepfe_seit(store, datetime.now(UTC) - timedelta(days=2))]
    inhalt = "".join(f"{zeile}\n" for zeile in zeilen)
    siegel = store.bund.siegle(f"koepfe {heute.isoformat()}\n{inhalt}")
    fertig = f"{inhalt}{json.dumps({'tag': heute.isoformat(), 'siegel': siegel})}\n"
    _lege_ab(datei, fertig)
    summe = hashlib.sha256(fertig.encode()).hexdigest()
    log.info("audit_koepfe", tag=heute.isoformat(), ketten=len(zeilen), sha256=summe)
    return datei


def lies_koepfe(store: Store, ordner: Path) -> Iterator[Kopf]:
    """All heads ever written there; ``AuditError`` for a file that was changed."""
    for datei in sorted(ordner.glob("koepfe-*.jsonl")):
        *zeilen, letzte = datei.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
        try:
            schluss = json.loads(letzte)
            inhalt = "".join(zeilen)
            if store.bund.siegle(f"koepfe {schluss['tag']}\n{inhalt}") != schluss["siegel"]:
                raise ValueError
            yield from (Kopf(**json.loads(zeile)) for zeile in zeilen)
        except (ValueError, KeyError, TypeError):
            raise AuditError(
                "audit_koepfe_beschaedigt",
                f"Die Datei {datei.name} ist verändert oder unvollständig. Bitte mit einer Kopie vergleichen.",
            ) from None


def _als_zeile(kopf: Kopf) -> str:
    return json.dumps({"kette": kopf.kette, "nr": kopf.nr, "siegel": kopf.siegel})


def _lege_ab(datei: Path, inhalt: str) -> None:
    try:
        datei.parent.mkdir(parents=True, exist_ok=True)
        neu = datei.with_suffix(".neu")
        neu.write_text(inhalt, encoding="utf-8")
        neu.replace(datei)
    except OSError as fehler:
        raise AuditError(
            "audit_koepfe_nicht_geschrieben",
            f"Die Köpfe der Ereignisketten ließen sich nicht nach {datei.parent} schreiben "
            f"({fehler.strerror or type(fehler).__name__}). Bitte [audit].ordner prüfen.",
        ) from None
