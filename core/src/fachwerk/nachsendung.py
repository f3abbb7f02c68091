"""Hand a case over once more, on purpose: the same Sendung under the same key, to the Ziel as it is configured today.

A Ziel that recognises the key takes it once at most. One that can be asked is asked first, and what it has is only
noted. Any other gets it again only if a person has confirmed with the recipient that nothing arrived. The order, its
reason (content of the case) and its job are one commit; from there on it is a delivery like every other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import erwartung
from fachwerk.errors import FachwerkError
from fachwerk.modell import Idempotenz, Stufe, Vorgangstand
from fachwerk.store import Schrittangabe
from fachwerk.stufen import rang
from fachwerk.tabellen import quittung, vorgang, zustellung
from fachwerk.zulaessigkeit import nein, pruefe_inhalt
from fachwerk.zustellstand import NACHSENDUNG, diese, setze_stand

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

GRENZE = 1000
"""So many deliveries at once, unless somebody says more."""

_UNTERWEGS = ("offen", "absicht", "wartet")


class Weg(StrEnum):
    """How it is made sure that nothing is there twice."""

    WIEDERHOLEN = "wiederholen"
    FRAGEN = "fragen"
    SENDEN = "senden"


@dataclass(frozen=True)
class Plan:
    """What a resend of one delivery would do, or why it is refused (``weg`` None, ``code`` and ``hinweis``)."""

    vorgang_id: str
    ziel: str
    fassung: int
    weg: Weg | None = None
    code: str = ""
    hinweis: str = ""

    def als_json(self) -> dict[str, Any]:
        """The published shape."""
        werte = {"vorgang_id": self.vorgang_id, "ziel": self.ziel, "fassung": self.fassung}
        return {**werte, "weg": self.weg.value if self.weg else None, "code": self.code, "hinweis": self.hinweis}


@dataclass(frozen=True)
class Auswahl:
    """Which deliveries to ``ziel``; empty means any. ``stufe``: the highest receipt so far.

    ``seit`` and ``bis`` (not included) bound when the delivery began. Only deliveries of the current Fassung count.
    """

    ziel: str
    status: tuple[str, ...] = ()
    leistung: str = ""
    seit: datetime | None = None
    bis: datetime | None = None
    stufe: Stufe | None = None
    ueberfaellig: bool = False
    grenze: int = GRENZE


def sende_nach(
    betrieb: Betrieb, vorgang_id: str, ziel: str, *, wer: str, grund: str, nicht_angekommen: bool = False
) -> Plan:
    """Begin the hand-over, all or nothing.

    ``nicht_angekommen``: a person has it from the recipient. Raises ``LookupError`` for an unknown case,
    ``EingriffError`` for what is refused.
    """
    store, begonnen = betrieb.store, datetime.now(UTC)
    with store.transaktion("nachgesendet") as verbindung:
        fall = store.sperre(verbindung, vorgang_id)
        if fall is None:
            raise LookupError(vorgang_id)
        zeile, weg = _pruefe(betrieb, verbindung, fall, ziel, nicht_angekommen, sperre=True)
        hier = zustellung.update().where(*diese(vorgang_id, ziel, zeile.fassung))
        verbindung.execute(hier.values(**_neu(betrieb, ziel, weg, begonnen)))
        store.schreibe_schritt(verbindung, vorgang_id, fall.lauf, _angabe(betrieb, zeile, begonnen))
        if nicht_angekommen:
            store.vermerke(verbindung, vorgang_id, wer, "nicht_angekommen", ziel)
        store.vermerke(verbindung, vorgang_id, wer, "nachgesendet", ziel, grund)
        erwartung.behebe(verbindung, vorgang_id, ziel)
        marke = f"n{int(begonnen.timestamp())}"
        betrieb.reihe_zustellung_ein(verbindung, vorgang_id, ziel, zeile.fassung, zeile.versuch + 1, marke=marke)
        setze_stand(betrieb, verbindung, vorgang_id, zeile.fassung)
    betrieb.melde_schritt(vorgang_id, NACHSENDUNG)
    return Plan(vorgang_id, ziel, zeile.fassung, weg)


def sieh_nach(betrieb: Betrieb, vorgang_id: str, ziel: str, *, nicht_angekommen: bool = False) -> Plan:
    """What :func:`sende_nach` would do; nothing is changed."""
    fall = betrieb.store.vorgang(vorgang_id)
    with betrieb.store.lesend() as verbindung:
        return _plane(betrieb, verbindung, fall, ziel, nicht_angekommen)


def plane(betrieb: Betrieb, auswahl: Auswahl, *, nicht_angekommen: bool = False) -> list[Plan]:
    """What would become of each delivery that is meant, the oldest case first; nothing is changed.

    Raises ``EingriffError`` for more than ``grenze``, or a Ziel that does not exist.
    """
    _ziel(betrieb, auswahl.ziel)
    with betrieb.store.lesend() as verbindung:
        faelle = list(verbindung.execute(_frage(auswahl)))
        if len(faelle) > auswahl.grenze:
            text = f"Das sind mehr als {auswahl.grenze} Zustellungen. Bitte enger auswählen oder --grenze erhöhen."
            raise nein("nachsendung_zu_viele", text)
        return [_plane(betrieb, verbindung, fall, auswahl.ziel, nicht_angekommen) for fall in faelle]


def fuehre_aus(
    betrieb: Betrieb,
    plaene: Sequence[Plan],
    *,
    wer: str,
    grund: str,
    nicht_angekommen: bool = False,
    melde: Callable[[], None] = lambda: None,
) -> Iterator[Plan]:
    """Do what was planned, each in a commit of its own; gives what became of each. ``melde`` is called after each.

    What changed since it was planned is refused here.
    """
    for plan in plaene:
        if plan.weg is None:
            yield plan
        else:
            try:
                yield sende_nach(
                    betrieb, plan.vorgang_id, plan.ziel, wer=wer, grund=grund, nicht_angekommen=nicht_angekommen
                )
            except FachwerkError as fehler:
                yield Plan(plan.vorgang_id, plan.ziel, plan.fassung, None, fehler.code, fehler.hint)
        melde()


# -- may it ---------------------------------------------------------------------------------------------------------


def _plane(betrieb: Betrieb, verbindung: sa.Connection, fall: Any, ziel: str, nicht_angekommen: bool) -> Plan:
    try:
        _, weg = _pruefe(betrieb, verbindung, fall, ziel, nicht_angekommen)
    except FachwerkError as fehler:
        return Plan(fall.id, ziel, fall.fassung, None, fehler.code, fehler.hint)
    return Plan(fall.id, ziel, fall.fassung, weg)


def _pruefe(
    betrieb: Betrieb, verbindung: sa.Connection, fall: Any, name: str, nicht_angekommen: bool, *, sperre: bool = False
) -> tuple[Any, Weg]:
    """The row of the delivery and how it would be repeated."""
    ziel = _ziel(betrieb, name)
    if fall.status == Vorgangstand.RETURNED.value:
        raise nein("vorgang_beendet", "Der Vorgang ist „returned“ und damit hier beendet.")
    zeile = verbindung.execute(sa.select(zustellung).where(*diese(fall.id, name, fall.fassung))).one_or_none()
    if zeile is None:
        raise nein(
            "nachsendung_nie_zugestellt",
            f"Dieser Vorgang ging in der geltenden Fassung nie an „{name}“, also lässt sich dort nichts wiederholen. "
            "Für ein weiteres Ziel die Route ändern und den Vorgang als neue Fassung laufen lassen.",
        )
    if zeile.plugin != ziel.plugin:
        raise nein(
            "ziel_plugin_anders",
            f"Die Sendung wurde für das Plugin „{zeile.plugin}“ gemacht, das Ziel hat jetzt „{ziel.plugin}“.",
        )
    _pruefe_stand(zeile)
    pruefe_inhalt(verbindung, fall.id, sperre=sperre)
    return zeile, _weg(betrieb, ziel.plugin, nicht_angekommen)


def _ziel(betrieb: Betrieb, name: str) -> Any:
    if name not in betrieb.ziele:
        text = f"Das Ziel „{name}“ gibt es nicht. In fachwerk.toml stehen: {', '.join(sorted(betrieb.ziele))}."
        raise nein("ziel_unbekannt", text)
    return betrieb.ziele[name]


def _pruefe_stand(zeile: Any) -> None:
    if zeile.status in _UNTERWEGS:
        text = (
            "Diese Zustellung ist noch nicht fertig: Sie läuft oder wartet. „fachwerk vorgang retry“ versucht sofort, "
            "was wartet."
        )
        raise nein("nachsendung_unterwegs", text)
    if zeile.status != "zugestellt":
        text = (
            f"Diese Zustellung ist nicht angekommen ({zeile.code or zeile.status}), also gibt es nichts nachzusenden. "
            "Bitte die Ursache beheben, dann „fachwerk vorgang retry“ oder „release“."
        )
        raise nein("nachsendung_gehalten", text)


def _weg(betrieb: Betrieb, plugin: str, nicht_angekommen: bool) -> Weg:
    if betrieb.plugins.manifest(plugin).idempotenz is Idempotenz.SCHLUESSEL:
        return Weg.WIEDERHOLEN
    if nicht_angekommen:
        return Weg.SENDEN
    if betrieb.plugins.hat(plugin, "find_delivered"):
        return Weg.FRAGEN
    raise nein(
        "nachsendung_unsicher",
        "Dieses Ziel erkennt eine Wiederholung nicht und kann nicht gefragt werden: Der Vorgang läge dort womöglich "
        "zweimal. Bitte beim Empfänger fragen; ist nichts angekommen, mit --nicht-angekommen bestätigen.",
    )


def _neu(betrieb: Betrieb, ziel: str, weg: Weg, seit: datetime) -> dict[str, Any]:
    """The row as it stands before the attempt; what is asked first keeps the sign until something is sent."""
    werte = {"status": "offen", "seit": seit, "naechster": None, "code": "", "hinweis": "", "frage_faellig": None}
    werte["absicht_von"] = NACHSENDUNG if weg is Weg.FRAGEN else ""
    return werte | erwartung.der_uebergabe(betrieb, ziel)


def _angabe(betrieb: Betrieb, zeile: Any, begonnen: datetime) -> Schrittangabe:
    return Schrittangabe(
        NACHSENDUNG,
        begonnen,
        ziel=f"{zeile.ziel}:{zeile.fassung}",
        versuch=zeile.versuch + 1,
        plugin=zeile.plugin,
        plugin_version=betrieb.plugins.version(zeile.plugin),
    )


def _frage(auswahl: Auswahl) -> sa.Select[Any]:
    """The cases whose delivery is meant; along the index of state and Ziel."""
    z, v = zustellung.c, vorgang.c
    hier = [z.ziel == auswahl.ziel, z.status.in_((*_UNTERWEGS, "gehalten", "zugestellt")), z.fassung == v.fassung]
    if auswahl.status:
        hier.append(v.status.in_(auswahl.status))
    if auswahl.leistung:
        hier.append(v.leistung == auswahl.leistung)
    if auswahl.seit is not None:
        hier.append(z.seit >= auswahl.seit)
    if auswahl.bis is not None:
        hier.append(z.seit < auswahl.bis)
    if auswahl.ueberfaellig:
        hier.extend(erwartung.ist_ueberfaellig(datetime.now(UTC)))
    if auswahl.stufe is not None:
        hier += [_hat([auswahl.stufe]), ~_hat([eine for eine in Stufe if rang(eine) > rang(auswahl.stufe)])]
    frage = sa.select(vorgang).join(zustellung, z.vorgang_id == v.id).where(*hier)
    return frage.order_by(v.angelegt, v.id).limit(auswahl.grenze + 1)


def _hat(stufen: Sequence[Stufe]) -> sa.ColumnElement[bool]:
    q, z = quittung.c, zustellung.c
    diese_quittung = q.vorgang_id == z.vorgang_id, q.ziel == z.ziel, q.fassung == z.fassung
    return sa.exists().where(*diese_quittung, q.stufe.in_([stufe.value for stufe in stufen]))
