"""The site of the rehearsal: other sides, a proxy on every line, a database, nodes, and a configuration for each.

It is the site of the demo with two more Ziele: one that can neither be asked nor tell a repetition, and one on a small
disk. Nothing of it is anybody's: the folder is new, every address is of this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.chaos import plan as p
from fachwerk.chaos.datenbanken import Datenbank, datenbank
from fachwerk.chaos.knoten import Knoten
from fachwerk.chaos.nachrichten import KNAPP, OHNE_AUSKUNFT, WBS_ZIEL
from fachwerk.chaos.platte import Platte, platte
from fachwerk.demo import prozesse
from fachwerk.demo.beispiele import EMPFAENGER, KONTEN
from fachwerk.demo.gegenstellen import DATEI
from fachwerk.demo.konfiguration import toml
from fachwerk.demo.versand import ABSENDER
from fachwerk.testkit.netzstoerung import Netzstoerung

if TYPE_CHECKING:
    from fachwerk.chaos.plan import Plan

POSTFACH, ZIEL, ZIEL_2, VIREN, DATENBANK = "postfach", "prosoz-nw", OHNE_AUSKUNFT, "viren", "datenbank"
_OFFEN = "versand"
"""The line of the sender, which nobody disturbs."""

_PROFIL = "ohne-auskunft.yaml"
_WEITERE_ZIELE = """
# Kennt weder denselben Schlüssel noch eine Nachfrage: Ein unbekannter Ausgang ist hier eine Frage an einen Menschen.
[ziel.{ohne}]
plugin = "prosoz"
weg = "soap"
profil = "{profil}"
wsdl = "{ohne}/wsdl/erfunden.wsdl"
url = "{url}"
zertifikat = "{ohne}/pki/fachwerk.crt"
privatschluessel = "{ohne}/pki/fachwerk.key"
ca = "{ohne}/pki/ca.crt"

# Liegt auf einem kleinen Datenträger, der zwischendurch voll ist.
[ziel.{knapp}]
plugin = "aktenablage"
verzeichnis = "ausgang/{knapp}"
"""


@dataclass
class Szene:
    """Everything that runs and can be disturbed."""

    ordner: Path
    plan: Plan
    datenbank: Datenbank
    netze: dict[str, Netzstoerung] = field(default_factory=dict)
    knoten: dict[str, Knoten] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    platte: Platte | None = None
    _postfach: ExitStack = field(default_factory=ExitStack)
    _prozess: subprocess.Popen[bytes] | None = None

    @property
    def postfach(self) -> Path:
        """The folder of the mailbox."""
        return self.ordner / "postfach"

    @property
    def akten(self) -> Path:
        """The folder of the Ziel that is taken away and given back."""
        return self.ordner / "ausgang" / "akte"

    @property
    def protokolle(self) -> Path:
        """Where every process writes what it has to say."""
        return self.ordner / "protokolle"

    # -- the mailbox, which dies and returns --------------------------------------------------------------------

    def starte_postfach(self) -> None:
        """On the same folder; the lines to it lead to its new address."""
        konten = {name: {"kennungen": [f"{art}:{amt}" for art in ("wbs", "mrh")]} for name, amt in KONTEN.items()}
        konten |= {"sozialplattform": {"kennungen": [ABSENDER]}, "landkreis": {"kennungen": [EMPFAENGER]}}
        protokoll = self.protokolle / "postfach.log"
        simulator = prozesse.simulator(self.postfach, konten, protokoll)
        self._prozess, self.urls = self._postfach.enter_context(simulator)
        ort = _ort(self.urls["msgbox"])
        for name in (POSTFACH, _OFFEN):
            if name in self.netze:
                self.netze[name].ziel = ort

    def toete_postfach(self) -> None:
        """kill -9; what it had accepted lies on its disk."""
        if self._prozess is not None:
            self._prozess.kill()
        self._postfach.close()

    def adressen(self, netz: str = _OFFEN) -> dict[str, str]:
        """The addresses of the mailbox over a line."""
        return {name: _umgeleitet(url, self.netze[netz].port) for name, url in self.urls.items()}

    def schliesse(self) -> None:
        """End what is left running."""
        for knoten in self.knoten.values():
            knoten.lass_weiter()
            knoten.toete()
        self._postfach.close()


@contextmanager
def szene(ordner: Path, plan: Plan, wort: str) -> Iterator[Szene]:
    """Build all of it in the empty ``ordner`` and end it afterwards. ``wort`` names the database."""
    with ExitStack() as kulisse:
        aufbau = Szene(ordner, plan, kulisse.enter_context(datenbank(wort, ordner)))
        aufbau.protokolle.mkdir(parents=True)
        aufbau.akten.mkdir(parents=True)
        kulisse.callback(aufbau.schliesse)
        mib = max(64, plan.umfang.faelle // 10)
        aufbau.platte = kulisse.enter_context(platte(ordner / "ausgang" / KNAPP, mib))
        _stelle_auf(aufbau, kulisse)
        yield aufbau


def _stelle_auf(aufbau: Szene, kulisse: ExitStack) -> None:
    ordner, netze = aufbau.ordner, aufbau.netze
    protokoll = aufbau.protokolle / "gegenstellen.log"
    gegenstellen = kulisse.enter_context(prozesse.laufend(["fachwerk.demo.gegenstellen", str(ordner)], protokoll))
    zweite = kulisse.enter_context(_ohne_auskunft(ordner))
    aufbau.starte_postfach()
    stand = prozesse.warte_auf_json(ordner / DATEI, f"Die Gegenstellen ({protokoll})", gegenstellen)
    clamd, prosoz = str(stand["clamd"]), str(stand["prosoz_url"])
    orte = {POSTFACH: aufbau.urls["msgbox"], _OFFEN: aufbau.urls["msgbox"], ZIEL: prosoz, ZIEL_2: zweite, VIREN: clamd}
    for name, url in orte.items():
        netze[name] = kulisse.enter_context(Netzstoerung(_ort(url)))
    if not aufbau.datenbank.ist_sqlite:
        netze[DATENBANK] = kulisse.enter_context(Netzstoerung(aufbau.datenbank.ort))
    schreibe_schluessel(ordner / "fachwerk.key")
    wege = {name: _umgeleitet(url, netze[name].port) for name, url in orte.items()}
    for nummer in range(1, aufbau.plan.umfang.knoten + 1):
        _richte_ein(aufbau, f"knoten-{nummer}", wege)


@contextmanager
def _ohne_auskunft(ordner: Path) -> Iterator[str]:
    """The second SOAP service: the same key makes another case; its address."""
    import yaml

    import fachwerk_prosoz
    from fachwerk_prosoz.simulator import SoapSimulator

    vorlage = Path(fachwerk_prosoz.__file__).parent / "profile" / "soap-beispiel.yaml"
    profil = yaml.safe_load(vorlage.read_text(encoding="utf-8"))
    profil["uebergabe"]["schluessel_wirkt"] = False
    del profil["nachfrage"]
    (ordner / _PROFIL).write_text(yaml.safe_dump(profil, allow_unicode=True), encoding="utf-8")
    with SoapSimulator(ordner / OHNE_AUSKUNFT, eindeutig=False) as simulator:
        yield simulator.url


def _richte_ein(aufbau: Szene, name: str, wege: Mapping[str, str]) -> None:
    """The configuration of one node; all of them differ in its name only."""
    netz = aufbau.netze.get(DATENBANK)
    url = aufbau.datenbank.ueber(netz.port) if netz is not None else aufbau.datenbank.url
    kopf = f'datenbank = {json.dumps(url)}\nknoten = "{name}"\n'
    takt = "5s" if aufbau.plan.umfang.ist_gross else "2s"
    text = toml(aufbau.adressen(POSTFACH), wege[VIREN], wege[ZIEL], kopf=kopf, takt=takt, wbs=WBS_ZIEL)
    # only a relative folder is made by Fachwerk; one that can be taken away has to be named as a drive would be
    text = text.replace('verzeichnis = "ausgang/akte"', f"verzeichnis = {json.dumps(str(aufbau.akten))}")
    text += _WEITERE_ZIELE.format(ohne=OHNE_AUSKUNFT, knapp=KNAPP, profil=_PROFIL, url=wege[ZIEL_2])
    pfad = aufbau.ordner / ("fachwerk.toml" if name == "knoten-1" else f"fachwerk-{name}.toml")
    pfad.touch(0o600)
    pfad.write_text(text, encoding="utf-8")
    aufbau.knoten[name] = Knoten(name, pfad, aufbau.protokolle / f"{name}.log")


def schreibe_launen(aufbau: Szene) -> None:
    """Order the faults inside the mailbox; they count its calls."""
    tabelle: dict[str, list[dict[str, Any]]] = {}
    for laune in sorted(aufbau.plan.launen, key=lambda laune: laune.art == "abgelehnt"):
        art = {"art": laune.art, **p.WORTE.get(laune.art, {})}
        if laune.art == "abgelehnt":
            art = {"art": "fehler", "fehler": p.ABLEHNUNG, "mal": None}
        tabelle.setdefault(laune.vorgang, []).append({**art, "konto": laune.konto, "ab": laune.ab})
    neu = aufbau.postfach / "temperament.neu"
    neu.write_text(json.dumps(tabelle), encoding="utf-8")
    os.replace(neu, aufbau.postfach / "temperament.json")


def _ort(url: str) -> tuple[str, int]:
    teile = urlsplit(url)
    return teile.hostname or "127.0.0.1", teile.port or 443


def _umgeleitet(url: str, port: int) -> str:
    return url.replace(f":{_ort(url)[1]}", f":{port}", 1)
