"""Kills a process at an exact point of the line, for tests that look at what is left afterwards.

The process is forked (:mod:`fachwerk.testkit.startbank`) and does one ``poll`` of the installation. In it everything
the line passes is numbered: before and after each commit, each mirror, each call of ``acknowledge``,
``deliver`` and ``find_delivered``, each rename. At the ordered point the child sends itself SIGKILL. Nothing of this
is part of normal operation: the child wraps the functions of the core from outside.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from fachwerk.plugins import Plugins
    from fachwerk.testkit.startbank import Startbank

FRIST_S = 120
"""Seconds after which a child that does not come to an end is killed (by SIGALRM)."""

_DURCHLAUF = ("xsozial_basis", "wbs_nw", "aktenablage")

_SPAET = (
    *("fachwerk.runde", "fachwerk.transport", "fachwerk.viren", "alembic.command", "alembic.runtime"),
    *("dbos._sys_db_sqlite", "dbos._sys_db_postgres", "httpcore", "zeep.wsa", "zeep.wsdl.bindings", "lxml.builder"),
)
"""What is imported only once a process works, and would be in every child anew."""

HOOKS = frozenset({"acknowledge", "deliver", "find_delivered"})


@dataclass(frozen=True)
class Auftrag:
    """One poll of ``konfig``: kill at ``toete`` (``vor annahme 1``), or list all points passed in ``liste``.

    With ``ergaenze``, a file of facts, not a poll: these are added to the newest case. With ``eingriff`` neither:
    ``forward ID``, ``return ID``, ``replay ID`` or ``resend ID`` is done to the case; before the last, what is overdue
    is reported.
    """

    konfig: str
    toete: str = ""
    liste: str = ""
    ergaenze: str = ""
    eingriff: str = ""


@dataclass(frozen=True)
class Ende:
    """How the child ended: exit code, or minus the signal.

    ``bericht`` is what ``poll --json`` would have said, ``endcode`` with which code it would have ended.
    """

    code: int
    bericht: dict[str, Any] | None = None
    endcode: int | None = None


class Absturzbank:
    """Polls that die at an exact point: ``Absturzbank(startbank).laufe(konfig, toete=…)``; several at a time."""

    def __init__(self, bank: Startbank) -> None:
        self._bank = bank

    def laufe(
        self,
        konfig: Path,
        toete: str = "",
        liste: Path | None = None,
        ergaenze: Path | None = None,
        eingriff: str = "",
    ) -> Ende:
        """One poll, or one thing a person does, in a process of its own; returns when it has ended."""
        auftrag = Auftrag(str(konfig), toete, str(liste or ""), str(ergaenze or ""), eingriff)
        lesend, schreibend = os.pipe()
        with open(lesend, encoding="utf-8") as strom:
            try:
                zweig = self._bank.zweige({"absturz": asdict(auftrag)}, [schreibend], [toete])
            finally:
                os.close(schreibend)
            text = strom.read()
        return Ende(zweig.wait(), **(json.loads(text) if text else {}))


class Punkte:
    """Numbers every passage of a named point; kills at one of them, or writes them all down."""

    def __init__(self, toete: str, liste: str) -> None:
        self._toete = toete
        self._liste = liste
        self._zahl: Counter[str] = Counter()
        self._schloss = threading.Lock()

    def passiere(self, name: str) -> None:
        """``name`` is passed now."""
        with self._schloss:
            self._zahl[name] += 1
            punkt = f"{name} {self._zahl[name]}"
            if self._liste:
                with open(self._liste, "a", encoding="utf-8") as datei:
                    datei.write(punkt + "\n")
            if punkt == self._toete:
                os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def um(self, name: str) -> Iterator[None]:
        """The points before and after a call that succeeds."""
        self.passiere(f"vor {name}")
        yield
        self.passiere(f"nach {name}")


def umhuelle(punkte: Punkte) -> None:
    """Put the points around what the line does, in this process."""
    from fachwerk.plugins import Plugins
    from fachwerk.spiegel import Spiegel
    from fachwerk.store import Store

    _umhuelle_transaktionen(punkte, Store)
    _umhuelle_empfang(punkte)
    _umhuelle_aufruf(punkte, Plugins, "rufe", lambda _, name, hook, **__: hook if hook in HOOKS else "")
    _umhuelle_aufruf(punkte, Spiegel, "schreibe", lambda *_: "spiegel")
    for modul_funktion in ("rename", "replace"):
        _umhuelle_aufruf(punkte, os, modul_funktion, _name_der_umbenennung)


def _umhuelle_transaktionen(punkte: Punkte, klasse: Any) -> None:
    echt = klasse.transaktion

    @contextmanager
    def transaktion(store: Any, name: str) -> Iterator[Any]:
        with echt(store, name) as verbindung:
            yield verbindung
            punkte.passiere(f"vor {name}")
        punkte.passiere(f"nach {name}")

    klasse.transaktion = transaktion


class _Datenbank:
    """An engine that knows for which provisional commits it was handed out."""

    def __init__(self, echt: Any, zweck: str) -> None:
        self._echt, self.zweck = echt, zweck

    def __getattr__(self, name: str) -> Any:
        return getattr(self._echt, name)


def _umhuelle_empfang(punkte: Punkte) -> None:
    """The provisional commits of what arrives: the key of the future case, then the chunks of large parts."""
    import importlib

    inhalt: Any = importlib.import_module("fachwerk.inhalt")
    empfang: Any = importlib.import_module("fachwerk.empfangsinhalt")
    echt = inhalt.vorlaeufig

    @contextmanager
    def vorlaeufig(datenbank: Any) -> Iterator[Any]:
        with echt(datenbank) as verbindung:
            yield verbindung
            punkte.passiere(f"vor {datenbank.zweck}")
        punkte.passiere(f"nach {datenbank.zweck}")

    inhalt.vorlaeufig = empfang.vorlaeufig = vorlaeufig
    _benenne_datenbank(empfang.Empfangsinhalt, "fallschluessel")
    _benenne_datenbank(inhalt.Inhaltsspeicher, "stueck")


def _benenne_datenbank(klasse: Any, zweck: str) -> None:
    echt = klasse.__init__

    def beginne(selbst: Any, datenbank: Any, *weitere: Any) -> None:
        echt(selbst, _Datenbank(datenbank, zweck), *weitere)

    klasse.__init__ = beginne


def _umhuelle_aufruf(punkte: Punkte, ort: Any, attribut: str, benenne: Callable[..., str]) -> None:
    echt = getattr(ort, attribut)

    def aufruf(*argumente: Any, **benannte: Any) -> Any:
        name = benenne(*argumente, **benannte)
        if not name:
            return echt(*argumente, **benannte)
        with punkte.um(name):
            return echt(*argumente, **benannte)

    setattr(ort, attribut, aufruf)


def _name_der_umbenennung(quelle: Any, ziel: Any, **_: Any) -> str:
    return "umbenennen_spiegel" if str(ziel).endswith(".eingang") else "umbenennen_ziel"


def waerme_auf() -> None:
    """Import, load and read what every child needs, so that it starts in a fraction of a second; start no thread."""
    _lade_alles()
    _gehe_einmal_durch()


def _lade_alles() -> None:
    import importlib
    import importlib.util

    for name in _SPAET:
        importlib.import_module(name)
    for plugin in _plugins().namen:
        for teil in ("mapping", "client", "abruf"):
            if importlib.util.find_spec(f"fachwerk_{plugin}") and importlib.util.find_spec(f"fachwerk_{plugin}.{teil}"):
                importlib.import_module(f"fachwerk_{plugin}.{teil}")


@cache
def _plugins() -> Plugins:
    """All that are installed, loaded once."""
    from fachwerk.plugins import installierte, lade

    return lade(nur=installierte())


def _nimm_geladene_plugins() -> None:
    """In this process, take those that are loaded already."""
    import importlib

    from fachwerk.plugins import lade

    def geladene(namen: Iterable[str]) -> Plugins:
        verlangt = set(namen)
        return _plugins() if verlangt <= set(_plugins().namen) else lade(verlangt)

    betrieb: Any = importlib.import_module("fachwerk.betrieb")
    betrieb.lade = geladene


def _gehe_einmal_durch() -> None:
    """Bring one case to a folder, without the engine, so that a child finds rules, schemas and fonts read."""
    import importlib
    import tempfile

    from fachwerk.testkit.welt import Welt
    from fachwerk_xsozial_basis.erzeuger import nachricht

    plugins = {name: importlib.import_module(f"fachwerk_{name}") for name in _DURCHLAUF}
    with tempfile.TemporaryDirectory() as ordner:
        welt = Welt(
            f"sqlite:///{ordner}/fachwerk.db",
            Path(ordner),
            plugins=plugins,
            ziel={"akte": {"plugin": "aktenablage", "verzeichnis": "akten"}},
            fachwerk={"land": "nw"},
            format={"xsozial_basis": {"bestaetigt": ["projektprofil-1"]}},
        )
        welt.lege_ein("n-1", nachricht("wbs", None, leser="wbs:051110000001", seed=1))
        staende = welt.durchlauf()
        welt.schliesse()
    assert staende == ["done"], staende
    assert threading.active_count() == 1, "a process with threads must not be forked"


def laufe(auftrag: Auftrag, schreibend: int) -> NoReturn:
    """In a forked process: one poll, then out, whatever happens; the report goes to ``schreibend``."""
    code = 1
    try:
        signal.alarm(FRIST_S)
        os.dup2(2, 1)
        _nimm_geladene_plugins()
        if auftrag.toete or auftrag.liste:
            umhuelle(Punkte(auftrag.toete, auftrag.liste))
        tue = _ergaenze if auftrag.ergaenze else _greife_ein if auftrag.eingriff else _frage_ab
        os.write(schreibend, json.dumps(tue(auftrag)).encode())
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _frage_ab(auftrag: Auftrag) -> dict[str, Any]:
    from fachwerk.runde import eine_runde

    runde = eine_runde(Path(auftrag.konfig))
    return {"bericht": runde.als_json(), "endcode": runde.endcode}


def _ergaenze(auftrag: Auftrag) -> dict[str, Any]:
    from fachwerk import nachtrag
    from fachwerk.betrieb import oeffne_betrieb

    betrieb = oeffne_betrieb(Path(auftrag.konfig))
    angaben = nachtrag.lies_angaben(Path(auftrag.ergaenze).read_bytes())
    vorschau = nachtrag.probiere(betrieb, betrieb.store.liste(grenze=1)[0].id, angaben, wer="absturz", woher="Test")
    fassung = nachtrag.uebernimm(betrieb, vorschau)
    betrieb.schliesse()
    return {"bericht": {"fassung": fassung}, "endcode": 0}


def _greife_ein(auftrag: Auftrag) -> dict[str, Any]:
    from fachwerk import abgabe, erwartung, nachsendung, rueckgabe, wiederlauf
    from fachwerk.betrieb import oeffne_betrieb

    was, kennung = auftrag.eingriff.split()
    betrieb = oeffne_betrieb(Path(auftrag.konfig))
    if was == "forward":
        abgabe.gib_ab(betrieb, abgabe.bereite_vor(betrieb, kennung, "akte", wer="absturz", grund="Test"))
    elif was == "return":
        rueckgabe.gib_zurueck(betrieb, kennung, wer="absturz", wie="Brief", grund="Test")
    elif was == "resend":
        erwartung.mahne(betrieb)
        nachsendung.sende_nach(betrieb, kennung, "akte", wer="absturz", grund="Test")
    else:
        wiederlauf.vermerke(betrieb, wiederlauf.vergleiche(betrieb, kennung), "absturz")
    betrieb.schliesse()
    return {"bericht": {}, "endcode": 0}
