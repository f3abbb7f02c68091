"""The control of a running simulator: JSON over HTTP on loopback, for whoever may read its folder.

The words are those of ``fachwerk simulator xta steuern``; see :data:`WORTE`.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, cast

import httpx

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator.befuellen import Beilage, Kopf, fuelle, uebliche_inhalte
from fachwerk_generic_xta.simulator.berichte import BERICHT, pruefe_bericht
from fachwerk_generic_xta.simulator.betrieb import Betrieb
from fachwerk_generic_xta.simulator.dateien import als_json
from fachwerk_generic_xta.simulator.konten import pruefe_kennungen, pruefe_konto, pruefe_schluessel
from fachwerk_generic_xta.simulator.launen import VORGANGSLISTE, Laune, pruefe_laune, pruefe_tabelle
from fachwerk_generic_xta.simulator.temperament import Temperament
from fachwerk_generic_xta.simulator.tls import TLS_ARTEN

WORTE: Final = {
    "VORGANG oder *": 'eine Laune oder eine Liste davon, zum Beispiel {"getMessage": {"art": "abgeschnitten"}}',
    "regeln": "Liste von Launen, jede mit „vorgang“",
    "ruhe": "true: alle Launen vergessen; oder ein Vorgang",
    "konten": '{"NAME": {"gesperrt": true, …}}: bis zum Neustart ändern',
    "bericht": "Transportbericht: nachricht (oder mal), status 0–3, eintraege, berichte",
    "fuellen": "Postfach füllen: leser, anzahl, autor, bytes",
    "tls": f"Serverzertifikat: {', '.join(TLS_ARTEN)}",
    "zeige": "true: nur den Stand zeigen",
}
_WOERTER = ("regeln", "ruhe", "konten", "bericht", "fuellen", "tls", "zeige")
_FUELLEN = ("leser", "anzahl", "autor", "bytes", "dienst", "typ", "typliste", "schema", "szenario", "test", "teile")
DATEI = "steuerung.json"
_FRIST = 300.0


class Steuerung:
    """Carries out what is ordered. ``setze_tls`` switches the server's certificate."""

    def __init__(self, betrieb: Betrieb, temperament: Temperament, setze_tls: Callable[[str], None]) -> None:
        self._betrieb = betrieb
        self._temperament = temperament
        self._setze_tls = setze_tls
        self._tls = "normal"

    def befolge(self, auftrag: Any) -> dict[str, Any]:
        """Check the whole order first, then carry it out; returns the state behind it."""
        if not isinstance(auftrag, Mapping):
            raise _falsch("Der Auftrag ist ein JSON-Objekt.")
        launen = _lies_launen(auftrag)
        schritte = [self._bereite(wort, wert) for wort, wert in auftrag.items() if wort in _WOERTER]
        ergebnis: dict[str, Any] = {}
        for schritt in schritte:
            ergebnis.update(schritt())
        self._temperament.ergaenze(launen)
        return {**ergebnis, **self._stand()}

    def _stand(self) -> dict[str, Any]:
        konten = {
            konto.name: {
                "kennungen": list(konto.kennungen),
                "gesperrt": konto.gesperrt,
                "wartend": self._betrieb.postfach.seite(konto.kennungen, 0)[1],
            }
            for konto in self._betrieb.konten.values()
        }
        return {"regeln": self._temperament.uebersicht(), "konten": konten, "tls": self._tls}

    def _bereite(self, wort: str, wert: Any) -> Callable[[], dict[str, Any]]:
        """The step for one word, after its value was checked."""
        bereiter: Mapping[str, Callable[[Any], Callable[[], dict[str, Any]]]] = {
            "ruhe": self._ruhe,
            "konten": self._konten,
            "bericht": self._bericht,
            "fuellen": self._fuellen,
            "tls": self._tls_art,
        }
        return bereiter[wort](wert) if wort in bereiter else dict

    def _ruhe(self, wert: Any) -> Callable[[], dict[str, Any]]:
        if wert is not True and wert not in (*VORGANGSLISTE, "*"):
            raise _falsch("„ruhe“ ist true oder der Name eines Vorgangs.")
        return _schritt(lambda: self._temperament.beruhige("" if wert is True else wert))

    def _konten(self, wert: Any) -> Callable[[], dict[str, Any]]:
        konten = dict(self._betrieb.konten)
        for name, aenderung in pruefe_schluessel(wert, list(konten), "„konten“").items():
            roh = {"kennungen": list(konten[name].kennungen), "gesperrt": konten[name].gesperrt}
            neu = pruefe_konto(name, {**roh, **aenderung} if isinstance(aenderung, Mapping) else aenderung)
            geaendert = {feld: getattr(neu, feld) for feld in _FELDER if _WORT_ZUM_FELD.get(feld, feld) in aenderung}
            konten[name] = replace(konten[name], **geaendert)
        pruefe_kennungen(konten.values())
        return _schritt(lambda: self._betrieb.konten.update(konten))

    def _bericht(self, wert: Any) -> Callable[[], dict[str, Any]]:
        werte = pruefe_bericht(wert)
        kennung, mal = werte.pop("nachricht", ""), werte.pop("mal", 1)
        inhalt = als_json(werte)
        if not kennung:
            return _schritt(lambda: self._betrieb.vorlagen.setze(inhalt, mal))
        nachricht = self._betrieb.postfach.finde(str(kennung))
        if nachricht is None:
            raise _falsch("Eine Nachricht mit dieser Kennung gibt es hier nicht.")
        return _schritt(lambda: self._betrieb.postfach.schreibe(nachricht, BERICHT, inhalt))

    def _fuellen(self, wert: Any) -> Callable[[], dict[str, Any]]:
        werte = dict(pruefe_schluessel(wert, _FUELLEN, "„fuellen“"))
        anzahl, groesse = werte.pop("anzahl", 1), werte.pop("bytes", None)
        teile = [_beilage(teil) for teil in werte.pop("teile", [])]
        werte.setdefault("autor", next(iter(self._betrieb.konten.values())).kennungen[0])
        if not isinstance(anzahl, int) or not 1 <= anzahl <= 1_000_000:
            raise _falsch("„anzahl“ ist eine Zahl von 1 bis 1000000.")
        if self._betrieb.konto_von(str(werte.get("leser"))) is None:
            raise _falsch("„leser“ ist eine Kennung aus konten.json.")
        beilagen = teile or ([Beilage(b"x" * groesse, "application/octet-stream")] if groesse is not None else [])
        inhalte = (lambda nummer: beilagen) if beilagen else uebliche_inhalte
        return lambda: {"gefuellt": len(fuelle(self._betrieb, Kopf(**werte), anzahl, inhalte))}

    def _tls_art(self, wert: Any) -> Callable[[], dict[str, Any]]:
        if wert not in TLS_ARTEN:
            raise _falsch(f"„tls“ ist {', '.join(TLS_ARTEN)}.")

        def schritt() -> dict[str, Any]:
            self._setze_tls(wert)
            self._tls = wert
            return {}

        return schritt


_FELDER = ("kennungen", "gesperrt", "gebucht", "dienste", "auskunft", "antwort")
_WORT_ZUM_FELD = {"auskunft": "dienste"}


def _schritt(tu: Callable[[], object]) -> Callable[[], dict[str, Any]]:
    def schritt() -> dict[str, Any]:
        tu()
        return {}

    return schritt


def _lies_launen(auftrag: Mapping[str, Any]) -> list[Laune]:
    fremde = [wort for wort in auftrag if wort not in (*_WOERTER, *VORGANGSLISTE, "*")]
    if fremde:
        raise _falsch(f"„{fremde[0]}“ gibt es nicht. Es gibt: {', '.join((*_WOERTER, *VORGANGSLISTE, '*'))}.")
    regeln = auftrag.get("regeln", [])
    tabelle = {wort: wert for wort, wert in auftrag.items() if wort not in _WOERTER}
    einzeln = [pruefe_laune(regel) for regel in (regeln if isinstance(regeln, list) else [regeln])]
    return [*einzeln, *pruefe_tabelle(tabelle)]


def _beilage(werte: Any) -> Beilage:
    try:
        return Beilage(base64.b64decode(werte["inhalt"], validate=True), werte["medientyp"], werte.get("name", ""))
    except (KeyError, TypeError, ValueError) as fehler:
        raise _falsch("Ein Eintrag in „teile“ hat „inhalt“ (base64), „medientyp“ und „name“.") from fehler


class Steuerstelle:
    """Listens on loopback for orders; the way and the secret stand in ``steuerung.json`` (mode 0600)."""

    def __init__(self, ordner: Path, steuerung: Steuerung) -> None:
        self._datei = ordner / DATEI
        self._server = _Steuerserver(steuerung)
        self._faden = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="xta-steuerung")

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._faden.start()
        angaben = {"port": self._server.server_address[1], "geheimnis": self._server.geheimnis}
        vorlaeufig = self._datei.with_suffix(".neu")
        vorlaeufig.unlink(missing_ok=True)
        with os.fdopen(os.open(vorlaeufig, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as datei:
            datei.write(als_json(angaben))
        vorlaeufig.replace(self._datei)

    def stop(self) -> None:
        """End, and say so by removing the file."""
        self._server.shutdown()
        self._server.server_close()
        self._faden.join()
        self._datei.unlink(missing_ok=True)


class _Steuerserver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, steuerung: Steuerung) -> None:
        self.steuerung = steuerung
        self.geheimnis = secrets.token_urlsafe(24)
        super().__init__(("127.0.0.1", 0), _Steueranschluss)


class _Steueranschluss(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Carry out an order and answer with the state, or with what is wrong with it."""
        server = cast(_Steuerserver, self.server)
        if not hmac.compare_digest(self.headers.get("Authorization", ""), f"Bearer {server.geheimnis}"):
            self._antworte(403, {"fehler": "Kein Zutritt."})
            return
        try:
            auftrag = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            self._antworte(200, server.steuerung.befolge(auftrag))
        except ConfigError as fehler:
            self._antworte(400, {"code": fehler.code, "fehler": fehler.hint})
        except (ValueError, TypeError):
            self._antworte(400, {"fehler": "Der Auftrag ist kein JSON oder enthält unpassende Werte."})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Orders are not logged: they speak for themselves in the request log."""

    def _antworte(self, status: int, werte: Mapping[str, Any]) -> None:
        inhalt = als_json(werte)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(inhalt)))
        self.end_headers()
        self.wfile.write(inhalt)


def steuere(ordner: Path, auftrag: Any) -> dict[str, Any]:
    """Send an order to the simulator that runs in ``ordner``; a :class:`ConfigError` says what is wrong."""
    try:
        angaben = json.loads((ordner / DATEI).read_bytes())
        antwort = httpx.post(
            f"http://127.0.0.1:{angaben['port']}/",
            json=auftrag,
            headers={"Authorization": f"Bearer {angaben['geheimnis']}"},
            timeout=_FRIST,
            trust_env=False,
        )
        werte: dict[str, Any] = antwort.json()
    except (OSError, ValueError, KeyError, httpx.HTTPError) as fehler:
        raise ConfigError(
            "simulator.aus",
            f"In {ordner} läuft kein Simulator. Erst starten: fachwerk simulator xta --ordner {ordner}",
        ) from fehler
    if antwort.status_code != 200:
        raise ConfigError(werte.get("code", "simulator.steuerung"), werte["fehler"])
    return werte


def _falsch(text: str) -> ConfigError:
    return ConfigError("simulator.steuerung", text)
