"""A world on a SQLite file that moves to PostgreSQL, with work under way in every state; its targets are the oracle."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from fachwerk import audit, umzug
from fachwerk.betrieb import Betrieb
from fachwerk.errors import RetryableError
from fachwerk.schluessel import Schluesselbund
from fachwerk.testkit.mitspieler import Stoerung, Zielsystem
from fachwerk.testkit.welt import SCHLUESSEL, Auftragsbuch, Welt, antrag_xml
from fachwerk.umzug import Umzugsbericht

BUND = Schluesselbund(SCHLUESSEL)
ZIELE = {"akte": "mit_schluessel", "frage": "mit_abfrage", "blind": "ohne_schutz"}
"""One target knows a key again, one can be asked, one can do neither."""


class Abgebrochen(BaseException):
    """A process dies here, without one."""


def stirb(*_: object) -> None:
    """Stands in for whatever is going on at the end."""
    raise Abgebrochen


class Umzugsort:
    """A world on a file, and the address it moves to. Its jobs stand in a table of their own, not in the engine."""

    def __init__(self, url: str, ordner: Path, nach: str) -> None:
        ziele = {name: {"plugin": plugin} for name, plugin in ZIELE.items()}
        self.welt = Welt(url, ordner, ziel=ziele, route=[{"leistung": "*", "ziel": list(ZIELE)}])
        self.nach, self.datei = nach, Path(str(sa.make_url(url).database))
        self._offene: list[Betrieb] = []

    def am_ziel(self, _: object = None) -> Betrieb:
        """The installation at the new place."""
        von, self.welt._url = self.welt._url, self.nach
        betrieb = self.welt._oeffne()
        self.welt._url = von
        betrieb.auftraege = Auftragsbuch(betrieb.store.datenbank)  # type: ignore[assignment]
        self._offene.append(betrieb)
        return betrieb

    def ziehe_um(self, nach: str = "", bund: Schluesselbund = BUND) -> Umzugsbericht:
        """Move, or go on moving."""
        return umzug.ziehe_um(self.datei, nach or self.nach, bund, self.am_ziel, wer="erika")

    def gehe_hinueber(self) -> Welt:
        """The same world, now at the new place."""
        self.welt._url = self.nach
        self.welt.neuer_prozess()
        return self.welt

    def schliesse(self) -> None:
        """Release the databases."""
        for betrieb in self._offene:
            betrieb.schliesse()
        self.welt.schliesse()

    def fuelle(self) -> None:
        """One case that is done, one that died in every delivery, one that waits, one nobody has looked at."""
        welt, ziele = self.welt, self._ziele()
        welt.lege_ein("n-1", antrag_xml(uuid="1"))
        assert welt.durchlauf() == ["done"]
        for ziel in ziele:
            ziel.waehrend = stirb
        welt.lege_ein("n-2", antrag_xml(uuid="2"))
        welt.rufe_ab()
        for _ in ziele:
            self._stirb_beim_arbeiten()
        for ziel in ziele:
            ziel.waehrend = None
            ziel.stoerungen.append(Stoerung(RetryableError("ziel_aus", "Später.")))
        welt.lege_ein("n-3", antrag_xml(uuid="3"))
        welt.durchlauf()
        welt.lege_ein("n-4", antrag_xml(uuid="4"))
        welt.rufe_ab()

    def _stirb_beim_arbeiten(self) -> None:
        try:
            self.welt.arbeite()
        except Abgebrochen:
            self.welt.auftraege.erledige(self.welt.auftraege.naechster().nr)
        else:
            raise AssertionError("nothing was under way")

    def gehe_zu_ende(self) -> None:
        """Go over there, work, and look: every message has its one effect.

        But for the one whose attempt had no result, at the target that nobody can ask.
        """
        welt = self.gehe_hinueber()
        welt.arbeite()
        welt.vergehe(hours=3)
        welt.arbeite()
        alle = Counter(antrag_xml(uuid=str(nr)) for nr in range(1, 5))
        ohne_zweiten = alle - Counter([antrag_xml(uuid="2")])
        assert [self._wirkungen(ziel) for ziel in self._ziele()] == [alle, alle, ohne_zweiten]
        gehalten = ("held", "ausgang_unbekannt")
        fertig = ("done", "")
        assert [(fall.status, fall.grund) for fall in welt.vorgaenge()] == [fertig, gehalten, fertig, fertig]
        assert audit.pruefe(welt.betrieb.store).brueche == []

    def _ziele(self) -> list[Zielsystem]:
        return [self.welt.mit_schluessel, self.welt.mit_abfrage, self.welt.ohne_schutz]

    @staticmethod
    def _wirkungen(ziel: Zielsystem) -> Counter[bytes]:
        """How often each message itself arrived, by its bytes."""
        return Counter(lieferung.dateien["0-teil"] for lieferung in ziel.wirkungen)
