"""zeep over our transport: what zeep loads comes from files beside the WSDL only, what it sends goes through httpx.

No session of zeep's own, no download, no DTD and no entities; timeouts, mTLS and proxy are those of the Verbindung.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import httpx
from lxml import etree

from fachwerk.errors import ConfigError
from fachwerk.transport import classify, classify_status
from fachwerk_prosoz.antwort import GROESSTE, WSA

if TYPE_CHECKING:
    from zeep.wsdl import Document

_GROESSTE_DATEI = 16 * 1024 * 1024


@dataclass(frozen=True)
class Erhalten:
    """What came back: the status of HTTP and the bytes; zeep is told not to read it."""

    status_code: int
    content: bytes
    headers: dict[str, str]


class Lader:
    """Loads WSDL and schemas for zeep: an http address means the file of that name beside the WSDL."""

    def __init__(self, wsdl: Path) -> None:
        self._wsdl = wsdl
        self._ordner = wsdl.parent.resolve()

    def load(self, url: Any) -> bytes:
        """The bytes of a file in the folder of the WSDL. Raises ``ConfigError`` for everything else."""
        teile = urlsplit(str(url))
        pfad = self._ordner / Path(unquote(teile.path)).name if teile.scheme in ("http", "https") else Path(str(url))
        pfad = Path(unquote(teile.path)) if teile.scheme == "file" else pfad
        if not pfad.resolve().is_relative_to(self._ordner):
            raise _fehler(self._wsdl, "verweist auf eine Datei außerhalb ihres Ordners; das wird nicht gelesen")
        try:
            if pfad.stat().st_size > _GROESSTE_DATEI:
                raise _fehler(self._wsdl, f"oder ein Schema daneben ({pfad.name}) ist größer als 16 MiB")
            return pfad.read_bytes()
        except OSError:
            was = "fehlt oder ist nicht lesbar" if pfad == self._wsdl else f"braucht die Datei {pfad.name} daneben"
            raise _fehler(self._wsdl, was) from None


@dataclass
class Transportweg:
    """What zeep takes for its transport: one exchange, over a connection of its own.

    The SOAP of a site need not tell the answers to two requests apart, so none may be left over for the next one.
    ``gesendet`` says whether anything may have left, ``anfrage_id`` is the wsa:MessageID of what was sent, if any.
    """

    lader: Lader
    http: httpx.Client
    idempotent: bool
    basic: tuple[str, str] | None = None
    gesendet: bool = field(default=False, init=False)
    anfrage_id: str = field(default="", init=False)

    def load(self, url: Any) -> bytes:
        """See :class:`Lader`."""
        return self.lader.load(url)

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> Erhalten:
        """Send an envelope; raises the errors of ``classify``."""
        self.anfrage_id = (envelope.findtext(f".//{{{WSA}}}MessageID") or "").strip()
        return self.post(address, etree.tostring(envelope, xml_declaration=True, encoding="utf-8"), headers)

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Erhalten:
        """Send bytes and read the answer to its end or its limit."""
        if self.basic:
            zeichen = base64.b64encode(":".join(self.basic).encode("utf-8")).decode("ascii")
            headers = {**headers, "Authorization": f"Basic {zeichen}"}
        headers = {**headers, "Connection": "close"}
        self.gesendet = True
        try:
            with self.http.stream("POST", address, content=message, headers=headers) as antwort:
                inhalt = _begrenzt(antwort)
                erhalten = Erhalten(antwort.status_code, inhalt, dict(antwort.headers))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fehler:
            raise classify(fehler, idempotent=self.idempotent) from None
        if erhalten.status_code != 200 and b"Envelope" not in inhalt[:2000]:
            warte = erhalten.headers.get("retry-after")
            raise classify_status(erhalten.status_code, warte, self.idempotent)
        return erhalten


def _begrenzt(antwort: httpx.Response) -> bytes:
    stuecke, groesse = [], 0
    for stueck in antwort.iter_bytes():
        groesse += len(stueck)
        if groesse > GROESSTE:
            raise httpx.DecodingError("answer too large")
        stuecke.append(stueck)
    return b"".join(stuecke)


def lade_wsdl(wsdl: Path) -> Document:
    """The parsed WSDL, read again only when one of the files beside it has changed. Raises ``ConfigError``."""
    try:
        stand = tuple((p.name, p.stat().st_mtime_ns) for p in sorted(wsdl.parent.iterdir()) if p.suffix in _ENDUNGEN)
    except OSError:
        raise _fehler(wsdl, "fehlt oder ist nicht lesbar") from None
    return _lies(wsdl, stand)


_ENDUNGEN = {".wsdl", ".xsd", ".xml"}


@lru_cache(maxsize=8)
def _lies(wsdl: Path, stand: tuple[tuple[str, int], ...]) -> Document:
    from zeep.wsdl import Document

    try:
        return Document(str(wsdl.resolve()), Lader(wsdl.resolve()), settings=einstellungen())  # type: ignore[arg-type]
    except ConfigError:
        raise
    except Exception as fehler:
        raise _fehler(wsdl, f"oder ein Schema daneben lässt sich nicht verstehen ({type(fehler).__name__})") from None


def einstellungen() -> Any:
    """zeep without DTD, entities and huge documents; answers raw, because we read them ourselves.

    ``forbid_external`` is off only so that an http address reaches our loader, which never loads anything from there.
    """
    from zeep import Settings

    return Settings(
        strict=True,
        xml_huge_tree=False,
        forbid_dtd=True,
        forbid_entities=True,
        forbid_external=False,
        raw_response=True,
    )


def _fehler(wsdl: Path, was: str) -> ConfigError:
    text = f"Die WSDL {wsdl} {was}. Alle Dateien vom Hersteller nebeneinander in einen Ordner legen."
    return ConfigError("prosoz.wsdl", text, datei=str(wsdl), schluessel="wsdl")
