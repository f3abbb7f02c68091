"""The contract kit for mailboxes: subclass :class:`KanalContract`, say how a message gets into a fresh one.

    class TestMeinKanal(KanalContract):
        plugin = fachwerk_mein_kanal

        @contextmanager
        def gegenstelle(self, ordner):
            yield Kanalstelle({"verzeichnis": str(ordner)}, lege_hin=…, wartend=…)

As with targets no test can be overridden; exceptions stand in ``ausnahmen`` with their reason.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from fachwerk.errors import NeedsHumanError, RetryableError
from fachwerk.modell import Art, Eingang, Teil
from fachwerk.testkit import ordnerstoerung, pruefantraege, pruefungen, stoerserver
from fachwerk.testkit.ehrlichkeit import Standardtests, entfaellt
from fachwerk.testkit.feindlich import NAMEN, PDF
from fachwerk.testkit.gegenstelle import Datei, Kanalstelle
from fachwerk.testkit.kanarienvogel import Suche
from fachwerk.testkit.pruefstand import Kanalpruefstand

MAX_STUECK = 8 << 20
"""Bytes one piece of a stream may have at most; whoever reads a message at once gives it as one piece."""

GROSS = 3 * MAX_STUECK + 7

SELTSAME: dict[str, tuple[Datei, ...]] = {
    "kein XML": (("antrag.xml", "application/xml", b"\x89PNG\r\n\x1a\n" + bytes(500)),),
    "leere Nachricht": (("antrag.xml", "application/xml", b""),),
    "DOCTYPE": (("antrag.xml", "application/xml", b'<!DOCTYPE x [<!ENTITY e "ha">]><antrag>&e;</antrag>'),),
    "kaputtes XML": (("antrag.xml", "application/xml", b"<antrag><name>"),),
    "leere Anlage": (("antrag.xml", "application/xml", b"<antrag/>"), ("leer.pdf", "application/pdf", b"")),
    "viele Anlagen": (
        ("antrag.xml", "application/xml", b"<antrag/>"),
        *((f"anlage-{n}.pdf", "application/pdf", PDF + b"%d" % n) for n in range(40)),
    ),
}
"""What lies in a mailbox now and then; understanding it is not the task of a Kanal, bringing it in is."""


def boese_namen(nummer: int) -> tuple[Datei, ...]:
    """A message with one attachment whose name nobody should send."""
    return (("antrag.xml", "application/xml", b"<antrag/>"), (NAMEN[nummer], "application/pdf", PDF + b"%d" % nummer))


def gewoehnlich(nummer: int = 1) -> tuple[Datei, ...]:
    """An invented application with one attachment, full of canary values."""
    return (
        ("antrag.xml", "application/xml", pruefantraege.nachricht(nummer)),
        ("nachweis.pdf", "application/pdf", PDF + b"%d" % nummer),
    )


class KanalContract(Standardtests):
    """Subclass it as ``Test…``, set ``plugin``, define ``gegenstelle``."""

    plugin: Any

    def gegenstelle(self, ordner: Path) -> AbstractContextManager[Kanalstelle]:
        """A fresh, empty mailbox for one test; ``ordner`` is an empty folder for whatever it needs."""
        raise TypeError(f"{type(self).__name__} has to define gegenstelle()")

    @pytest.fixture
    def stand(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Kanalpruefstand]:
        """The mailbox on the bench, with a fault server before it."""
        caplog.set_level(logging.INFO)
        ordner = tmp_path / "gegenstelle"
        ordner.mkdir()
        with stoerserver.Stoerserver() as netz, self.gegenstelle(ordner) as stelle:
            yield Kanalpruefstand(self.plugin, tmp_path, netz, stelle)

    def test_manifest_ist_vollstaendig_und_wahr(self, stand: Kanalpruefstand) -> None:
        """Das Manifest ist vollständig und stimmt mit Paket und Hooks überein."""
        assert not pruefungen.maengel_manifest(stand, Art.KANAL)

    def test_einstellungen_melden_tippfehler(self, stand: Kanalpruefstand) -> None:
        """Ein falsch geschriebener Schlüssel der Konfiguration wird gemeldet, kein Geheimnis steht darin."""
        assert not pruefungen.maengel_einstellungen(stand, Art.KANAL, stand.stelle.einstellungen)

    def test_check_lobt_einen_gesunden_und_meldet_einen_unerreichbaren_kanal(self, stand: Kanalpruefstand) -> None:
        """Die Vorprüfung beanstandet ein gesundes Postfach nicht und meldet eines, das nicht zu erreichen ist."""
        assert not pruefungen.maengel_check(stand, stand.kanal)

    def test_ein_leeres_postfach_ist_kein_fehler(self, stand: Kanalpruefstand) -> None:
        """Wo nichts wartet, kommt nichts, und es ist kein Fehler."""
        assert stand.empfange() == []

    def test_eine_nachricht_kommt_vollstaendig_und_unveraendert(self, stand: Kanalpruefstand) -> None:
        """Jeder Teil einer Nachricht kommt Byte für Byte an, die Kennung ist nicht leer, die Zeit ist unsere."""
        stand.stelle.lege_hin(gewoehnlich())
        [eingang] = stand.empfange()
        assert {inhalt for _, _, inhalt in gewoehnlich()} <= _inhalte(eingang)
        assert eingang.nachricht_id.strip()
        assert (eingang.kanal, eingang.empfangen) == (stand.kanal.name, stand.host.now())

    def test_receive_stroemt_und_holt_eine_nachricht_nach_der_anderen(self, stand: Kanalpruefstand) -> None:
        """Große Anlagen gehen in Stücken in den Speicher, und die nächste Nachricht wird erst auf Wunsch geholt."""
        speicher = _Messspeicher(stand)
        gross = ("gross.bin", "application/octet-stream", bytes(range(256)) * (GROSS // 256))
        for nummer in (1, 2):
            stand.stelle.lege_hin((*gewoehnlich(nummer), gross))
        strom = stand.rufe("receive", kanal=stand.kanal, host=stand.host)
        erste = next(strom)
        assert speicher.teile <= len(gewoehnlich()) + 3, "Die zweite Nachricht wurde vor ihrer Zeit geholt"
        assert gross[2] in _inhalte(erste)
        assert speicher.groesstes_stueck <= MAX_STUECK, "Eine Anlage ging in einem Stück durch den Arbeitsspeicher"
        strom.close()

    def test_nichts_ist_erledigt_bevor_es_gespeichert_ist(self, stand: Kanalpruefstand) -> None:
        """Empfangen schließt nichts: Ohne Bestätigung wartet alles weiter, auch nach einem Abbruch mittendrin."""
        for nummer in (1, 2, 3):
            stand.stelle.lege_hin(gewoehnlich(nummer))
        strom = stand.rufe("receive", kanal=stand.kanal, host=stand.host)
        assert len(list(islice(strom, 1))) == 1
        strom.close()
        assert (len(stand.empfange()), stand.stelle.wartend()) == (3, 3)
        assert len(stand.empfange()) == 3

    def test_acknowledge_schliesst_genau_diese_nachricht_und_ist_wiederholbar(self, stand: Kanalpruefstand) -> None:
        """Bestätigt wird genau eine Nachricht; ein zweites Mal schadet nicht, auch nicht nach einem Neustart."""
        for nummer in (1, 2):
            stand.stelle.lege_hin(gewoehnlich(nummer))
        erste, zweite = stand.empfange()
        for _ in range(2):
            stand.quittiere(erste)
            assert stand.stelle.wartend() == 1
        assert [eingang.nachricht_id for eingang in stand.empfange()] == [zweite.nachricht_id]

    def test_jede_nachricht_wird_im_lauf_bestaetigt_wie_vom_kern(self, stand: Kanalpruefstand) -> None:
        """Wie im Betrieb: eine holen, bestätigen, die nächste; am Ende ist das Postfach leer und nichts doppelt."""
        for nummer in (1, 2, 3):
            stand.stelle.lege_hin(gewoehnlich(nummer))
        kennungen = []
        for eingang in stand.rufe("receive", kanal=stand.kanal, host=stand.host):
            stand.host.nachrichten.add(eingang.nachricht_id)
            stand.quittiere(eingang)
            kennungen.append(eingang.nachricht_id)
        assert len(kennungen) == len(set(kennungen)) == 3
        assert (stand.empfange(), stand.stelle.wartend()) == ([], 0)

    def test_dieselbe_nachricht_hat_immer_dieselbe_kennung(self, stand: Kanalpruefstand) -> None:
        """Zweimal geholt ist es dieselbe Kennung und derselbe Inhalt; verschiedene Nachrichten haben verschiedene."""
        for nummer in (1, 2):
            stand.stelle.lege_hin(gewoehnlich(nummer))
        einmal, nochmal = ({e.nachricht_id: _inhalte(e) for e in stand.empfange()} for _ in range(2))
        assert len(einmal) == 2
        assert einmal == nochmal

    def test_halb_geschriebenes_bleibt_unberuehrt(self, stand: Kanalpruefstand) -> None:
        """Was noch geschrieben wird, bleibt liegen, hält anderes nicht auf und kommt, sobald es fertig ist."""
        if stand.stelle.lege_halb_hin is None:
            entfaellt("Auf diesem Weg liegt nichts halb da")
        stand.stelle.lege_hin(gewoehnlich(1))
        vollende = stand.stelle.lege_halb_hin(gewoehnlich(2))
        for _ in range(3):
            stand.host.vergehe(seconds=1)
            assert len(stand.empfange()) == 1
        vollende()
        gesehen: set[str] = set()
        for _ in range(4):
            stand.host.vergehe(hours=1)
            gesehen |= {eingang.nachricht_id for eingang in stand.empfange()}
        assert len(gesehen) == 2

    @pytest.mark.parametrize("name", SELTSAME)
    def test_seltsame_inhalte_kommen_unveraendert_und_verdecken_nichts(self, stand: Kanalpruefstand, name: str) -> None:
        """Unlesbares und Leeres kommt herein wie alles andere, und was danach wartet, auch."""
        self._mit_anderer(stand, SELTSAME[name], name)

    @pytest.mark.parametrize("nummer", range(len(NAMEN)))
    def test_boese_dateinamen_schaden_nichts(self, stand: Kanalpruefstand, nummer: int) -> None:
        """Ein Dateiname ist Text des Absenders: Er führt nirgends hin, und der Inhalt kommt an."""
        vorher = pruefungen.fremde_dateien(stand)
        try:
            stand.stelle.lege_hin(boese_namen(nummer))
        except (OSError, ValueError):
            entfaellt("Ein solcher Name lässt sich auf diesem Weg nicht einmal senden")
        inhalte = set().union(*map(_inhalte, stand.empfange()))
        assert boese_namen(nummer)[1][2] in inhalte
        assert pruefungen.fremde_dateien(stand) == vorher

    @pytest.mark.parametrize("art", [*stoerserver.ARTEN, *ordnerstoerung.ARTEN])
    def test_eine_stoerung_verliert_nichts(self, stand: Kanalpruefstand, art: str) -> None:
        """Ist das Postfach gestört, wartet alles; danach kommt jede Nachricht, und keine ist doppelt."""
        for nummer in (1, 2):
            stand.stelle.lege_hin(gewoehnlich(nummer))
        if art not in pruefungen.stoerungen(stand, lambda: stand.empfange()):
            entfaellt("So lässt sich dieses Postfach nicht stören")
        erwartet = {inhalt for n in (1, 2) for _, _, inhalt in gewoehnlich(n)}
        for nummer in range(1, (stand.netz.laune.stand if art in stoerserver.ARTEN else 1) + 1):
            with pruefungen.gestoert(stand, art, nummer):
                self._empfange_gestoert(stand, erwartet, f"{art} {nummer}")
            assert stand.stelle.wartend() == 2, art
        eingaenge = stand.empfange()
        assert set().union(*map(_inhalte, eingaenge)) >= erwartet
        assert len({eingang.nachricht_id for eingang in eingaenge}) == len(eingaenge) == 2

    def test_schweigt_ueber_personen(
        self, stand: Kanalpruefstand, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Kein Wert einer Nachricht steht in Protokoll, Ausgabe, Fehler oder Kennung."""
        caplog.set_level(logging.DEBUG)
        for nummer, art in enumerate(("", *stoerserver.ARTEN, *ordnerstoerung.ARTEN)):
            stand.stelle.lege_hin(gewoehnlich(nummer))
            if art in ordnerstoerung.ARTEN and stand.stelle.ordner is None:
                continue
            with pruefungen.gestoert(stand, art, 1):
                self._hole_still(stand)
        ausgabe = capfd.readouterr()
        gesagt = [*stand.texte, ("Protokoll", f"{stand.host.protokoll} {caplog.text}"), ("Ausgabe", str(ausgabe))]
        suche = Suche(pruefantraege.KANARIEN)
        assert not [fund for ort, text in gesagt for fund in suche.in_text(text.encode("utf-8", "replace"), ort)]

    # -- how ---------------------------------------------------------------------------------------------------------

    def _mit_anderer(self, stand: Kanalpruefstand, seltsam: tuple[Datei, ...], name: str) -> None:
        for dateien in (seltsam, gewoehnlich(7)):
            stand.stelle.lege_hin(dateien)
        eingaenge = stand.empfange()
        assert not stand.vertragsbrueche, stand.vertragsbrueche
        inhalte = set().union(*map(_inhalte, eingaenge))
        assert {inhalt for _, _, inhalt in gewoehnlich(7)} <= inhalte, f"{name}: verdeckt die nächste Nachricht"
        assert {inhalt for _, _, inhalt in seltsam} <= inhalte, f"{name}: kam nicht unverändert"
        for eingang in eingaenge:
            stand.quittiere(eingang)
        assert stand.stelle.wartend() == 0, name

    def _empfange_gestoert(self, stand: Kanalpruefstand, erwartet: set[bytes], wo: str) -> None:
        """Whatever comes through is complete; else the error says that the route waits or that somebody must act."""
        try:
            for eingang in stand.empfange():
                assert _inhalte(eingang) & erwartet, f"{wo}: Eine Nachricht kam unvollständig"
                assert len(_inhalte(eingang) & erwartet) == 2, f"{wo}: Eine Nachricht kam unvollständig"
        except (RetryableError, NeedsHumanError):
            pass
        assert not stand.vertragsbrueche, stand.vertragsbrueche

    def _hole_still(self, stand: Kanalpruefstand) -> None:
        try:
            for eingang in stand.empfange():
                stand.texte.append(("Kennung", f"{eingang.nachricht_id} {eingang.metadaten}"))
                stand.quittiere(eingang)
        except (RetryableError, NeedsHumanError):
            pass
        pruefungen.frage_check(stand, stand.kanal)


def _inhalte(eingang: Eingang) -> set[bytes]:
    return {b"".join(teil.bytes_strom()) for teil in eingang.teile}


class _Messspeicher:
    """Stands before the content store of ``stand`` and notes how content comes in."""

    def __init__(self, stand: Kanalpruefstand) -> None:
        self.groesstes_stueck = 0
        self.teile = 0
        self._echt = stand.host.inhalt.schreibe
        stand.host.inhalt.schreibe = self._schreibe  # type: ignore[method-assign]

    def _schreibe(self, strom: Iterable[bytes], *argumente: Any, **mehr: Any) -> Teil:
        self.teile += 1
        return self._echt(self._gemessen(strom), *argumente, **mehr)

    def _gemessen(self, strom: Iterable[bytes]) -> Iterator[bytes]:
        for stueck in strom:
            self.groesstes_stueck = max(self.groesstes_stueck, len(stueck))
            yield stueck
