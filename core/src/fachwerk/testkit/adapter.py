"""The contract kit for targets: subclass :class:`AdapterContract`, say how to reach a fresh target, run pytest.

    class TestMeinZiel(AdapterContract):
        plugin = fachwerk_mein_ziel

        @contextmanager
        def gegenstelle(self, ordner):
            yield Zielstelle.im_ordner(ordner / "ziel")

Every test here is a promise of docs/adapter.md. None can be overridden; what a target cannot keep stands in
``ausnahmen`` with its reason, and on the conformance sheet.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import Art, Idempotenz, Quittung
from fachwerk.testkit import goldstueck, ordnerstoerung, pruefantraege, pruefungen, stoerserver, sturz
from fachwerk.testkit.ehrlichkeit import Standardtests, entfaellt
from fachwerk.testkit.gegenstelle import Zielstelle
from fachwerk.testkit.kanarienvogel import Suche
from fachwerk.testkit.pruefstand import Ausgang, Zielpruefstand
from fachwerk.testkit.waechter import Waechter

MAX_PUNKTE = 40
"""So many points of one delivery are tried at most, evenly spread."""


class AdapterContract(Standardtests):
    """Subclass it as ``Test…``, set ``plugin``, define ``gegenstelle``."""

    plugin: Any

    def gegenstelle(self, ordner: Path) -> AbstractContextManager[Zielstelle]:
        """A fresh target for one test, torn down afterwards; ``ordner`` is an empty folder for whatever it needs."""
        raise TypeError(f"{type(self).__name__} has to define gegenstelle()")

    @pytest.fixture
    def stand(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Zielpruefstand]:
        """The target on the bench, with a fault server before it."""
        caplog.set_level(logging.INFO)
        ordner = tmp_path / "gegenstelle"
        ordner.mkdir()
        with stoerserver.Stoerserver() as netz, self.gegenstelle(ordner) as stelle:
            yield Zielpruefstand(self.plugin, tmp_path, netz, stelle)

    # -- what the plugin says of itself ------------------------------------------------------------------------------

    def test_manifest_ist_vollstaendig_und_wahr(self, stand: Zielpruefstand) -> None:
        """Das Manifest ist vollständig und stimmt mit Paket und Hooks überein."""
        assert not pruefungen.maengel_manifest(stand, Art.ZIEL)

    def test_einstellungen_melden_tippfehler(self, stand: Zielpruefstand) -> None:
        """Ein falsch geschriebener Schlüssel der Konfiguration wird gemeldet, kein Geheimnis steht darin."""
        assert not pruefungen.maengel_einstellungen(stand, Art.ZIEL, stand.stelle.einstellungen)

    def test_check_lobt_ein_gesundes_und_meldet_ein_unerreichbares_ziel(self, stand: Zielpruefstand) -> None:
        """Die Vorprüfung beanstandet ein gesundes Ziel nicht und meldet eines, das nicht zu erreichen ist."""
        assert not pruefungen.maengel_check(stand, stand.ziel)

    # -- render ------------------------------------------------------------------------------------------------------

    def test_render_ist_rein_und_antwortet_immer_gleich(self, stand: Zielpruefstand) -> None:
        """Das Umwandeln sieht weder auf Uhr noch Netz noch Dateien und liefert zweimal dasselbe."""
        antrag, entscheidung = pruefantraege.antrag(stand.host.inhalt), pruefantraege.entscheidung()
        erste = goldstueck.fingerabdruck(self.plugin.render(antrag, entscheidung, stand.ziel))
        with Waechter() as waechter:
            zweite = goldstueck.fingerabdruck(self.plugin.render(antrag, entscheidung, stand.ziel))
        assert not list(waechter.verstoesse), "render ist nicht rein"
        assert erste == zweite, "Zweimal dasselbe gefragt, zwei Antworten"

    def test_sendung_gleicht_der_goldenen_datei(self, stand: Zielpruefstand) -> None:
        """Die Sendung eines erfundenen Antrags ist Byte für Byte die, die beim letzten Mal angesehen wurde."""
        sendung = stand.rendere(pruefantraege.antrag(stand.host.inhalt))
        datei = Path(inspect.getfile(type(self))).parent / "golden" / f"{stand.manifest.name}.json"
        assert not (unterschied := goldstueck.vergleiche(sendung, datei)), unterschied

    # -- deliver on a good day ---------------------------------------------------------------------------------------

    def test_uebergabe_bringt_jeden_teil_unveraendert_ans_ziel(self, stand: Zielpruefstand) -> None:
        """Jeder Teil der Sendung kommt Byte für Byte an, in genau einem Fall."""
        sendung, schluessel = stand.neuer()
        stand.liefere(sendung, schluessel)
        assert stand.zaehle() == 1
        assert not stand.unveraendert(sendung)
        assert not stand.netz.laune.ohne_grenze, "Eine Anfrage ging ohne Zeitgrenze hinaus"

    def test_quittung_nennt_ziel_schluessel_zeit_und_eine_stufe_des_manifests(self, stand: Zielpruefstand) -> None:
        """Die Quittung gehört zu dieser Übergabe, und ihre Stufe steht im Manifest."""
        sendung, schluessel = stand.neuer()
        quittungen = [stand.liefere(sendung, schluessel)]
        quittungen += [q for q in (stand.finde(schluessel) if stand.hat("find_delivered") else None,) if q]
        for quittung in quittungen:
            assert (quittung.ziel, quittung.schluessel) == (stand.ziel.name, schluessel)
            assert quittung.stufe in stand.manifest.stufen

    def test_derselbe_schluessel_wirkt_wie_im_manifest_zugesagt(self, stand: Zielpruefstand) -> None:
        """Eine wiederholte Übergabe desselben Schlüssels hat die Wirkung, die das Manifest nennt."""
        sendung, schluessel = stand.neuer()
        erste = stand.liefere(sendung, schluessel)
        if stand.idempotent:
            assert stand.liefere(sendung, schluessel).kennung == erste.kennung
        else:
            assert stand.hat("find_delivered") or stand.manifest.idempotenz is Idempotenz.KEINE
            ausgang = stand.versuche(sendung, schluessel, unklar=True)
            assert ausgang.quittung or isinstance(ausgang.fehler, NeedsHumanError), ausgang.wort
        assert stand.zaehle() == 1

    def test_eine_neue_fassung_und_ein_anderer_vorgang_kommen_eigens_an(self, stand: Zielpruefstand) -> None:
        """Ein anderer Schlüssel ist eine andere Übergabe; nichts wird verwechselt oder überschrieben."""
        sendung, schluessel = stand.neuer()
        andere, anderer = stand.neuer()
        neue = schluessel.rpartition(":")[0] + ":2"
        kennungen = {
            stand.liefere(s, k).kennung for s, k in ((sendung, schluessel), (sendung, neue), (andere, anderer))
        }
        assert stand.zaehle() == 3
        assert len(kennungen) in (1, 3), "Zwei Übergaben tragen dieselbe Kennung"
        assert not stand.unveraendert(sendung) + stand.unveraendert(andere)

    def test_find_delivered_weiss_was_ankam_und_was_nicht(self, stand: Zielpruefstand) -> None:
        """Die Nachfrage findet, was ankam (auch zweimal gefragt), und behauptet nichts von anderem."""
        if not stand.hat("find_delivered"):
            entfaellt("Das Ziel kann nicht gefragt werden (Manifest: keine Abfrage)")
        sendung, schluessel = stand.neuer()
        assert stand.finde(schluessel) is None
        kennung = stand.liefere(sendung, schluessel).kennung
        gefunden = [stand.finde(schluessel), stand.finde(schluessel)]
        assert [q.kennung for q in gefunden if isinstance(q, Quittung)] == [kennung, kennung]
        assert stand.finde("vorgang-99:anders:1") is None

    # -- deliver on a bad day ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("art", stoerserver.ARTEN)
    def test_netzstoerung_endet_genau_einmal_oder_gehalten(self, stand: Zielpruefstand, art: str) -> None:
        """Bei jeder Anfrage einer Übergabe gestört: Am Ende liegt der Fall genau einmal vor, oder er ist gehalten."""
        anfragen = self._anfragen(stand)
        if not anfragen:
            entfaellt("Eine Übergabe an dieses Ziel stellt keine Anfrage über das Netz (host.http)")
        if art == "anfrage_doppelt" and not stand.idempotent:
            entfaellt("Das Ziel sagt nicht zu, eine doppelte Anfrage zu erkennen (Manifest: idempotenz)")
        for nummer in range(1, anfragen + 1):
            sendung, schluessel = stand.neuer()
            vorher = stand.zaehle()
            stand.netz.stoere(art, nummer)
            gestoert = stand.versuche(sendung, schluessel)
            wo = f"{stoerserver.ARTEN[art]} (Anfrage {nummer}): {gestoert.wort}"
            self._pruefe_versuch(stand, gestoert, vorher, wo)
            assert art != "verweigert" or nummer > 1 or isinstance(gestoert.fehler, RetryableError), wo
            stand.netz.stoere()
            self._bringe_zu_ende(stand, (sendung, schluessel), gestoert, vorher, wo)

    @pytest.mark.parametrize("art", ordnerstoerung.ARTEN)
    def test_ordnerstoerung_endet_genau_einmal(self, stand: Zielpruefstand, art: str) -> None:
        """Ordner voll, gesperrt oder weg: Es wartet, nichts Halbes liegt da, und danach kommt es genau einmal an."""
        ordner = self._ordner(stand)
        for stelle in self._zugriffe(stand, ordner) if art == "voll" else [1]:
            sendung, schluessel = stand.neuer()
            vorher = stand.zaehle()
            with ordnerstoerung.gestoert(ordner, art, stelle):
                gestoert = stand.versuche(sendung, schluessel)
            wo = f"{ordnerstoerung.ARTEN[art]} (Zugriff {stelle}): {gestoert.wort}"
            assert gestoert.quittung or isinstance(gestoert.fehler, RetryableError), wo
            assert gestoert.fehler or art == "voll", wo
            self._pruefe_versuch(stand, gestoert, vorher, wo)
            self._bringe_zu_ende(stand, (sendung, schluessel), gestoert, vorher, wo)

    def test_absturz_zwischen_absicht_und_quittung(self, stand: Zielpruefstand) -> None:
        """Der Prozess stirbt (kill -9) an jeder Stelle: Danach liegt der Fall einmal vor oder ist gehalten."""
        if not sturz.geht():
            entfaellt("Dieses System kann keinen Prozess abspalten")
        bereich = stand.stelle.ordner or stand.host.ordner / "kein-ordner"
        for punkt in self._toedliche(stand, bereich):
            sendung, schluessel = stand.neuer()
            vorher = stand.zaehle()
            assert sturz.getoetet(lambda p=punkt, s=sendung, k=schluessel: self._sterbe(stand, bereich, p, s, k))  # type: ignore[misc]
            assert stand.zaehle() - vorher in (0, 1), f"Nach dem Tod an Stelle {punkt} liegt etwas Halbes da"
            ausgang = stand.versuche(sendung, schluessel, unklar=True)
            self._bringe_zu_ende(
                stand, (sendung, schluessel), ausgang, vorher, f"Tod an Stelle {punkt}: {ausgang.wort}"
            )

    @pytest.mark.parametrize("fall", range(pruefantraege.ANZAHL_SELTSAME))
    def test_seltsame_antraege_kommen_an_oder_werden_gehalten(self, stand: Zielpruefstand, fall: int) -> None:
        """Namen, Größen, leere Teile, wunderliche Zeichen: angekommen und unverändert, oder mit Grund gehalten."""
        name, antrag = list(pruefantraege.seltsame(stand.host.inhalt))[fall]
        vorher = pruefungen.fremde_dateien(stand)
        try:
            sendung = stand.rendere(antrag)
        except (NeedsHumanError, PermanentError):
            return
        ausgang = stand.versuche(sendung, f"vorgang-{fall}:{stand.ziel.name}:1")
        assert ausgang.quittung or isinstance(ausgang.fehler, NeedsHumanError | PermanentError), (
            f"{name}: {ausgang.wort}"
        )
        assert stand.zaehle() == (1 if ausgang.quittung else 0), name
        assert not ausgang.quittung or not stand.unveraendert(sendung), name
        assert pruefungen.fremde_dateien(stand) == vorher, f"{name}: Es wurde außerhalb des Ziels geschrieben"

    # -- what is said ------------------------------------------------------------------------------------------------

    def test_schweigt_ueber_personen(
        self, stand: Zielpruefstand, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Kein Wert eines Antrags steht in Protokoll, Ausgabe, Fehler, Quittung oder Bezeichnung."""
        caplog.set_level(logging.DEBUG)
        for art in ("", *stoerserver.ARTEN) if self._anfragen(stand) else [""]:
            stand.netz.stoere(art)
            self._alles(stand)
        stand.netz.stoere()
        for art in ordnerstoerung.ARTEN if stand.stelle.ordner else ():
            sendung, schluessel = stand.neuer()
            with ordnerstoerung.gestoert(stand.stelle.ordner, art):  # type: ignore[arg-type]
                stand.versuche(sendung, schluessel)
        ausgabe = capfd.readouterr()
        gesagt = [
            *stand.texte,
            ("Protokoll", f"{stand.host.protokoll} {caplog.text}"),
            ("Notizen", str(stand.host.notizen)),
        ]
        gesagt += [("Ausgabe", ausgabe.out), ("Fehlerausgabe", ausgabe.err)]
        suche = Suche(pruefantraege.KANARIEN)
        assert not [fund for ort, text in gesagt for fund in suche.in_text(text.encode("utf-8", "replace"), ort)]

    def test_irgendeine_stoerung_wurde_geprueft(self, stand: Zielpruefstand) -> None:
        """Das Ziel ist über host.http oder einen Ordner zu erreichen, sonst hätte keine Störung etwas bewiesen."""
        assert stand.stelle.ordner or self._anfragen(stand), "Weder Ordner noch host.http: Störungen sind nicht geprüft"

    # -- how ---------------------------------------------------------------------------------------------------------

    def _alles(self, stand: Zielpruefstand) -> None:
        sendung, schluessel = stand.neuer()
        stand.texte.append(("Bezeichnung", f"{sendung.bezeichnung} {sendung.metadaten}"))
        stand.versuche(sendung, schluessel)
        stand.versuche(sendung, schluessel, unklar=True)
        pruefungen.frage_check(stand, stand.ziel)

    def _anfragen(self, stand: Zielpruefstand) -> int:
        """How many requests an ordinary delivery makes over host.http."""
        stand.netz.stoere()
        stand.liefere(*stand.neuer())
        return stand.netz.laune.stand

    def _ordner(self, stand: Zielpruefstand) -> Path:
        if stand.stelle.ordner is None:
            entfaellt("Dieses Ziel ist kein Ordner")
        return stand.stelle.ordner

    def _zugriffe(self, stand: Zielpruefstand, ordner: Path) -> list[int]:
        """The numbers of the touches of an ordinary delivery that need room, at most ``MAX_PUNKTE`` of them."""
        sendung, schluessel = stand.neuer()
        with ordnerstoerung.bewacht(ordner, lambda _: None, ordnerstoerung.braucht_platz) as wache:
            stand.liefere(sendung, schluessel)
        return pruefungen.verteilt(wache.stand, MAX_PUNKTE)

    def _toedliche(self, stand: Zielpruefstand, bereich: Path) -> list[int]:
        """The points of an ordinary delivery at which a process may die, the last one behind its end."""
        sendung, schluessel = stand.neuer()
        stand.werk.stand, stand.werk.toedlich, stand.werk.scharf = 0, -1, True
        with ordnerstoerung.bewacht(bereich, stand.werk.punkt):
            stand.liefere(sendung, schluessel)
        stand.werk.scharf = False
        return pruefungen.verteilt(stand.werk.stand + 1, MAX_PUNKTE)

    def _sterbe(self, stand: Zielpruefstand, bereich: Path, punkt: int, sendung: Any, schluessel: str) -> None:
        stand.netz.nach_abspaltung()
        stand.werk.stand, stand.werk.toedlich, stand.werk.scharf = 0, punkt, True
        with ordnerstoerung.bewacht(bereich, stand.werk.punkt):
            stand.liefere(sendung, schluessel)
        stand.werk.toedlich = stand.werk.stand + 1
        stand.werk.punkt()

    def _pruefe_versuch(self, stand: Zielpruefstand, ausgang: Ausgang, vorher: int, wo: str) -> None:
        """Nothing twice; a Quittung only for what is there; a plain retry only where nothing is, or does no harm."""
        assert not stand.vertragsbrueche, stand.vertragsbrueche
        da = stand.zaehle() - vorher
        assert da in (0, 1), f"{wo}; {da} Fälle liegen im Ziel"
        assert not ausgang.quittung or da == 1, f"{wo}; im Ziel liegt nichts"
        if isinstance(ausgang.fehler, RetryableError) and da and not ausgang.unklar:
            assert stand.idempotent, f"{wo}; es kam aber an: Die Wiederholung brächte es ein zweites Mal"

    def _bringe_zu_ende(
        self, stand: Zielpruefstand, fall: tuple[Any, str], ausgang: Ausgang, vorher: int, wo: str
    ) -> None:
        """What the core does next, the fault being over: exactly once, or held for a person."""
        wartet = isinstance(ausgang.fehler, RetryableError) or getattr(ausgang.fehler, "routenfehler", False)
        if wartet:
            ausgang = stand.versuche(*fall, unklar=ausgang.unklar)
        assert not stand.vertragsbrueche, stand.vertragsbrueche
        if ausgang.quittung:
            assert stand.zaehle() - vorher == 1, f"{wo}; danach liegen {stand.zaehle() - vorher} Fälle im Ziel"
            assert not stand.unveraendert(fall[0]), wo
        else:
            assert not wartet, f"{wo}; danach: {ausgang.wort}"
            assert isinstance(ausgang.fehler, NeedsHumanError), wo
            assert stand.manifest.idempotenz is not Idempotenz.SCHLUESSEL, f"{wo}; gehalten, obwohl es wiederholbar ist"
            assert stand.zaehle() - vorher in (0, 1), wo
