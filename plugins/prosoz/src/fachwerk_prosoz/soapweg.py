"""The SOAP way: one operation takes the case, another may tell what became of it; the profile names both.

Notes of a delivery: ``gesendet`` is when a request left whose outcome is not settled yet, kept before it leaves;
``quittung`` what PROSOZ answered. An answer that is lost is never guessed: ``finde`` asks if the profile says how, lets
the core repeat if the profile says that the key makes that harmless, and else has a person look.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fachwerk.errors import (
    ConfigError,
    NeedsHumanError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
    StepError,
)
from fachwerk.modell import Befund, GehaltenFuer, Quittung, Schwere, Sendung, Teil
from fachwerk_prosoz.antwort import AntwortFehler, Ergebnis, Fault, bedeutung_von, deute, lies_rumpf
from fachwerk_prosoz.mapping import ANGABEN, ORIGINAL
from fachwerk_prosoz.merk import Merk
from fachwerk_prosoz.namen import kurzschluessel
from fachwerk_prosoz.profil import Antwort, Profil, Soapprofil, Uebergabe
from fachwerk_prosoz.settings import MB, Zieleinstellungen
from fachwerk_prosoz.transportweg import Lader, Transportweg, einstellungen, lade_wsdl
from fachwerk_prosoz.werte import baue, setze

_STUFEN = frozenset({"uebergeben", "technisch_bestaetigt", "uebernommen"})


class Soapweg:
    """One delivery by SOAP."""

    def __init__(self, werte: Zieleinstellungen, profil: Profil, merk: Merk) -> None:
        assert isinstance(profil, Soapprofil)  # noqa: S101  chosen by the caller
        self._werte = werte
        self._profil = profil
        self._merk = merk
        self._host = merk.host
        self._vorher = ""

    def liefere(self, sendung: Sendung, werte: dict[str, Any]) -> Quittung:
        """Call the operation once. ``OutcomeUnknownError`` where an answer is missing or cannot be understood."""
        self._merk.beginne()
        uebergabe = self._profil.uebergabe
        felder = self._felder(uebergabe, sendung, werte)
        dienst = self._dienst(idempotent=False)
        self._vorher = self._merk.lies("gesendet")
        self._merk.setze("gesendet", self._host.now().isoformat())
        self._merk.setze("quittung", "")
        try:
            ergebnis = self._rufe(dienst, uebergabe.operation, felder, uebergabe.antwort)
        except (RetryableError, NeedsHumanError, PermanentError):
            self._merk.setze("gesendet", self._vorher)  # these say that nothing was processed
            raise
        return self._deute_uebergabe(ergebnis)

    def finde(self) -> Quittung | None:
        """None only if nothing was sent, PROSOZ says that it has nothing, or the key makes a repetition harmless."""
        merk = self._merk
        if merk.ist_verworfen:
            raise merk.abgelehnt(None)
        if not (merk.lies("gesendet") or merk.lies("quittung")):
            return None
        if self._profil.nachfrage:
            return self._frage()
        if merk.lies("quittung"):
            return self._notierte()
        if self._profil.uebergabe.schluessel_wirkt:
            return None
        raise merk.unklar("Die Antwort von PROSOZ ging verloren, und das Profil nennt keine Operation zum Nachfragen.")

    # -- handing over -------------------------------------------------------------------------------------------

    def _felder(self, uebergabe: Uebergabe, sendung: Sendung, werte: dict[str, Any]) -> dict[str, Any]:
        felder = baue(uebergabe.felder, werte)
        if uebergabe.schluessel:
            setze(felder, uebergabe.schluessel, self._schluessel)
        if uebergabe.dokumente:
            setze(felder, uebergabe.dokumente.liste, self._dokumente(uebergabe, sendung, werte))
        return felder

    @property
    def _schluessel(self) -> str:
        lauf = self._merk.lauf
        if self._profil.uebergabe.schluessel_form == "kurz":
            return kurzschluessel(self._merk.schluessel, lauf)
        return f"{self._merk.schluessel}#{lauf}" if lauf else self._merk.schluessel

    def _dokumente(self, uebergabe: Uebergabe, sendung: Sendung, werte: dict[str, Any]) -> list[dict[str, Any]]:
        assert uebergabe.dokumente is not None  # noqa: S101  asked by the caller
        teile = {anlage.pfad: anlage.teil for anlage in sendung.anlagen}
        eintraege = list(werte["dokumente"])
        if uebergabe.dokumente.mit_original and ORIGINAL in teile:
            kopf = {"pfad": ORIGINAL, "nummer": 0, "name": "Antrag im Original", "typ": ""}
            eintraege.insert(0, kopf | werte["original"])
        if uebergabe.dokumente.mit_angaben:
            eintraege.append({"pfad": ANGABEN, "nummer": 0, "name": "Angaben", "medientyp": "application/json"})
        ergebnis, rest = [], self._werte.hoechstgroesse_mb * MB
        for eintrag in eintraege:
            inhalt = self._lies(teile[eintrag["pfad"]], rest)
            rest -= len(inhalt)
            dokument: dict[str, Any] = {}
            angaben = {**eintrag, "groesse": len(inhalt), "sha256": teile[eintrag["pfad"]].sha256 or ""}
            for ziel, was in uebergabe.dokumente.felder.items():
                setze(dokument, ziel, str(angaben.get(was, "")))
            als_text = uebergabe.dokumente.kodierung == "base64_text"
            setze(dokument, uebergabe.dokumente.inhalt, base64.b64encode(inhalt).decode() if als_text else inhalt)
            ergebnis.append(dokument)
        return ergebnis

    def _lies(self, teil: Teil, rest: int) -> bytes:
        """The content, as long as all documents together stay below the limit: SOAP holds them in memory."""
        stuecke, groesse = [], 0
        for stueck in teil.bytes_strom():
            groesse += len(stueck)
            if groesse > rest:
                grenze = f"{self._werte.hoechstgroesse_mb} MB, „hoechstgroesse_mb“"
                text = f"Die Dokumente des Falls sind zusammen größer, als über SOAP erlaubt ist ({grenze})."
                raise PermanentError("prosoz.zu_gross", f"{text} Auf anderem Weg übergeben; wiederholen hilft nicht.")
            stuecke.append(stueck)
        return b"".join(stuecke)

    def _deute_uebergabe(self, ergebnis: Ergebnis) -> Quittung:
        if ergebnis.fault is not None:
            ergebnis = self._deute_fault(ergebnis.fault)
        if ergebnis.bedeutung in _STUFEN:
            zeit = self._host.now()
            self._merk.setze("quittung", f"{ergebnis.bedeutung} {zeit.isoformat()} {ergebnis.kennung}"[:300])
            return self._merk.quittung(str(ergebnis.bedeutung), zeit, ergebnis.kennung)
        if ergebnis.bedeutung == "spaeter":
            self._merk.setze("gesendet", self._vorher)
            raise _spaeter()
        if ergebnis.bedeutung == "abgelehnt":
            raise self._merk.abgelehnt(ergebnis.grund, ergebnis.kennung)
        raise _unverstanden()

    def _deute_fault(self, fault: Fault) -> Ergebnis:
        """What the profile says of a fault; one it does not know is held for a person, sent stays noted."""
        art = bedeutung_von(fault, self._profil.faults)
        if art == "schon_da":
            return Ergebnis("uebergeben")
        if art == "spaeter":
            return Ergebnis("spaeter")
        if art in ("endgueltig", "sachbearbeitung", "betrieb"):
            self._merk.setze("gesendet", self._vorher)
            raise _fault_fehler(art, fault)
        raise _fault_fehler("", fault)

    # -- asking -------------------------------------------------------------------------------------------------

    def _frage(self) -> Quittung | None:
        """Ask PROSOZ; a question may be repeated at will."""
        nachfrage, merk = self._profil.nachfrage, self._merk
        assert nachfrage is not None  # noqa: S101  asked by the caller
        felder = baue(nachfrage.felder, {"lieferung": {"schluessel": merk.schluessel}})
        setze(felder, nachfrage.schluessel, self._schluessel)
        try:
            ergebnis = self._rufe(self._dienst(idempotent=True), nachfrage.operation, felder, nachfrage.antwort)
        except PermanentError as fehler:  # the question went wrong; it says nothing about the case
            raise NeedsHumanError(
                fehler.code, fehler.hint, fehler.details, fuer=GehaltenFuer.BETRIEB, routenfehler=True
            ) from None
        if ergebnis.fault is not None:
            art = bedeutung_von(ergebnis.fault, self._profil.faults)
            if art in ("endgueltig", "sachbearbeitung", "betrieb"):
                raise _frage_gescheitert(ergebnis.fault)
            ergebnis = Ergebnis("uebergeben" if art == "schon_da" else art)
        if ergebnis.bedeutung in _STUFEN:
            return merk.quittung(str(ergebnis.bedeutung), self._host.now(), ergebnis.kennung)
        if ergebnis.bedeutung == "abgelehnt":
            raise merk.abgelehnt(ergebnis.grund, ergebnis.kennung)
        if ergebnis.bedeutung == "unbekannt":
            return self._nicht_da(nachfrage.frist_s)
        text = "PROSOZ hat auf die Nachfrage keine Antwort gegeben, die das Profil kennt; es wird noch einmal gefragt."
        raise RetryableError("prosoz.nachfrage_unklar", text)

    def _nicht_da(self, frist_s: int) -> Quittung | None:
        """PROSOZ knows nothing of the key: it may still be at work on it, or contradict its own answer."""
        merk = self._merk
        if merk.lies("quittung"):
            if self._seit(self._notierte().zeit) < frist_s:
                return self._notierte()
            raise merk.unklar("PROSOZ hatte den Fall angenommen, kennt ihn auf Nachfrage aber nicht mehr.")
        alter = self._seit(datetime.fromisoformat(merk.lies("gesendet")))
        if alter < frist_s and not self._profil.uebergabe.schluessel_wirkt:
            text = (
                "PROSOZ kennt den Fall noch nicht, kann ihn aber noch bearbeiten; es wird später noch einmal gefragt."
            )
            raise RetryableError("prosoz.noch_unklar", text, retry_after=frist_s - alter, routenfehler=False)
        return None

    def _seit(self, zeit: datetime) -> float:
        return max((self._host.now() - zeit) / timedelta(seconds=1), 0.0)

    def _notierte(self) -> Quittung:
        stufe, zeit, kennung = [*self._merk.lies("quittung").split(" ", 2), "", ""][:3]
        return self._merk.quittung(stufe, datetime.fromisoformat(zeit), kennung)

    # -- the wire -----------------------------------------------------------------------------------------------

    def _dienst(self, *, idempotent: bool) -> tuple[Any, Transportweg]:
        """zeep's proxy of the binding at our address. Raises before anything leaves."""
        try:
            return dienst(self._werte, self._profil, self._host, idempotent)
        except ConfigError as fehler:
            raise NeedsHumanError(fehler.code, fehler.hint, fuer=GehaltenFuer.BETRIEB, routenfehler=True) from None

    def _rufe(
        self, ziel: tuple[Any, Transportweg], operation: str, felder: Mapping[str, Any], angaben: Antwort
    ) -> Ergebnis:
        stelle, transport = ziel
        try:
            erhalten = _aufruf(stelle, operation)(**felder)
            rumpf = lies_rumpf(erhalten.content, transport.anfrage_id)
        except StepError:
            raise
        except AntwortFehler:
            return Ergebnis(None)
        except Exception as fehler:
            if transport.gesendet:
                return Ergebnis(None)
            raise _anfrage_unmoeglich(operation, fehler) from None
        if isinstance(rumpf, Fault):
            return Ergebnis(None, fault=rumpf)
        return Ergebnis(None) if _ist_fremd(stelle, operation, rumpf) else deute(rumpf, angaben)


def dienst(werte: Zieleinstellungen, profil: Soapprofil, host: Any, idempotent: bool) -> tuple[Any, Transportweg]:
    """The service proxy of the profile's port at the configured address. Raises ``ConfigError``."""
    from zeep import Client

    wsdl: Path = host.ordner / werte.wsdl
    basic = (werte.benutzer, host.secret(werte.kennwort)) if werte.anmeldung == "basic" else None
    transport = Transportweg(Lader(wsdl.resolve()), host.http(werte.verbindung(host)), idempotent, basic)
    client = Client(  # type: ignore[no-untyped-call]
        lade_wsdl(wsdl), wsse=_wsse(werte, host), transport=transport, settings=einstellungen()
    )
    name = bindung(client.wsdl, profil)
    return client.create_service(name, werte.url), transport  # type: ignore[no-untyped-call]


def bindung(wsdl: Any, profil: Soapprofil) -> str:
    """The name of the SOAP binding: of the port the profile names, else the only one. Raises ``ConfigError``."""
    from zeep.wsdl.bindings.soap import SoapBinding

    gefunden = {
        port.binding.name.text: port
        for name, service in wsdl.services.items()
        if profil.dienst in ("", name)
        for portname, port in service.ports.items()
        if profil.port in ("", portname) and isinstance(port.binding, SoapBinding)
    }
    if len(gefunden) != 1:
        was = "keinen" if not gefunden else "mehrere"
        text = f"Die WSDL hat {was} SOAP-Port, der zum Profil passt. Bitte dort „dienst“ und „port“ genau angeben."
        raise ConfigError("prosoz.wsdl", text, schluessel="profil")
    return str(next(iter(gefunden)))


def _wsse(werte: Zieleinstellungen, host: Any) -> Any:
    from zeep.wsse.username import UsernameToken

    if werte.anmeldung != "wsse":
        return None
    return UsernameToken(werte.benutzer, host.secret(werte.kennwort))  # type: ignore[no-untyped-call]


def _aufruf(stelle: Any, operation: str) -> Callable[..., Any]:
    try:
        aufruf: Callable[..., Any] = stelle[operation]
    except AttributeError:
        text = f"Die WSDL kennt die Operation „{operation}“ des Profils nicht. Bitte das Profil berichtigen."
        raise NeedsHumanError("prosoz.operation_fehlt", text, fuer=GehaltenFuer.BETRIEB, routenfehler=True) from None
    return aufruf


def _ist_fremd(stelle: Any, operation: str, rumpf: Any) -> bool:
    """Whether the WSDL knows this element as the answer of other operations only. Their local names are compared."""
    antworten = {name: _antwortname(beschrieben) for name, beschrieben in stelle._binding.all().items()}
    eigene = antworten.pop(operation, "")
    gekommen = str(rumpf.tag).rpartition("}")[2]
    return gekommen != eigene and gekommen in antworten.values()


def _antwortname(operation: Any) -> str:
    """The element the WSDL says an operation answers with; empty for one that answers nothing."""
    qname = getattr(getattr(operation.output, "body", None), "qname", None)
    return str(qname.localname) if qname is not None else ""


def _anfrage_unmoeglich(operation: str, fehler: Exception) -> PermanentError:
    """zeep's own words may hold values of the case: only the kind of error is told."""
    text = f"Aus Profil und Antrag entsteht keine Anfrage, wie die WSDL sie für „{operation}“ verlangt."
    return PermanentError(
        "prosoz.anfrage_unmoeglich",
        f"{text} Es wurde nichts gesendet.",
        {"art": type(fehler).__name__},
    )


def _unverstanden() -> OutcomeUnknownError:
    text = "PROSOZ hat geantwortet, aber anders, als das Profil es beschreibt: Ob der Fall dort ist, steht nicht fest."
    return OutcomeUnknownError("prosoz.antwort_unklar", text)


def _spaeter() -> RetryableError:
    return RetryableError("prosoz.spaeter", "PROSOZ nimmt gerade nichts an und hat das gesagt; es wird wiederholt.")


def _frage_gescheitert(fault: Fault) -> NeedsHumanError:
    text = "PROSOZ lehnt die Nachfrage nach Fällen ab (SOAP-Fault). Konto, Berechtigung und Profil prüfen?"
    return NeedsHumanError(
        "prosoz.nachfrage_abgelehnt", text, fuer=GehaltenFuer.BETRIEB, routenfehler=True, befunde=_befund(fault)
    )


def _fault_fehler(art: str, fault: Fault) -> StepError:
    befunde = _befund(fault)
    if art == "endgueltig":
        text = "PROSOZ nimmt diesen Fall so nicht an; warum, steht in den Befunden. Profil und Angaben prüfen."
        return PermanentError("prosoz.fault_endgueltig", text, befunde=befunde, vom_ziel=True)
    if art == "sachbearbeitung":
        text = "PROSOZ braucht zu diesem Fall eine Entscheidung; der Wortlaut steht in den Befunden. Was soll gelten?"
        return NeedsHumanError("prosoz.fault_sachbearbeitung", text, befunde=befunde, vom_ziel=True)
    if art == "betrieb":
        text = "PROSOZ weist Fachwerk ab (Konto, Berechtigung oder Betrieb); der Wortlaut steht in den Befunden."
        return NeedsHumanError(
            "prosoz.fault_betrieb", text, fuer=GehaltenFuer.BETRIEB, routenfehler=True, befunde=befunde
        )
    text = (
        "PROSOZ hat mit einem SOAP-Fault geantwortet, den das Profil nicht kennt; der Wortlaut steht in den Befunden. "
        "Bitte in PROSOZ nach dem Fall suchen: Ist nichts da, den Vorgang wiederholen; den Fault im Profil einordnen."
    )
    return NeedsHumanError("prosoz.fault_unbekannt", text, fuer=GehaltenFuer.BETRIEB, befunde=befunde)


def _befund(fault: Fault) -> tuple[Befund, ...]:
    """The words of the service are content: they may name the applicant."""
    text = f"SOAP-Fault {' '.join(fault.codes)}: {fault.meldung} ({', '.join(fault.details)})"[:2000]
    return (Befund(code="prosoz.fault", schwere=Schwere.FEHLER, text=text),)
