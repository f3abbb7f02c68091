"""Every route of the console as ASGI: no request makes it stumble, shows a case to strangers or writes raw markup."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from argon2 import PasswordHasher
from geruest import KANARIE, Los, Ziel, arbeitsordner
from starlette.routing import Route

from fachwerk import konten
from fachwerk.konsole import app as konsole
from fachwerk.konsole import gesundheit
from fachwerk.konsole.seiten import alle_routen
from fachwerk.rechte import Erteilt
from fachwerk.testkit.welt import Welt, antrag_xml

KENNWORT = "vier rote Dachziegel"
RECHTE = ("einsicht", "bearbeiten", "betrieb", "verwalten")
ROH = "<kanari>"
"""Markup in requests: an answer that holds it as it is, lets strangers write the page."""

PFADE: tuple[str, ...] = tuple(
    sorted({weg.path for weg in [*gesundheit.ROUTEN, *alle_routen()] if isinstance(weg, Route)})
)
_KEIN_WERT = re.compile(rb"[\x00\r\n]")


class Pult:
    """A world with one case and its console; :meth:`stelle_wieder_her` undoes what requests did."""

    def __init__(self) -> None:
        self.ordner = arbeitsordner() / "konsole"
        self.ordner.mkdir()
        self.schleife = asyncio.new_event_loop()
        self.welt = Welt(self._url, self.ordner / "welt")
        self.welt.format.fall = {"haushalt": [{"name": KANARIE}], "notiz": ROH}
        self.welt.lege_ein("n-1", antrag_xml(uuid="u-1", name=KANARIE))
        self.welt.durchlauf()
        self.vorgang = self.welt.der_vorgang().id
        konten.lege_an(self.welt.betrieb.store, "lena", KENNWORT, [Erteilt.aus(recht) for recht in RECHTE], "test")
        self._baue()
        self.keks, self.csrf = self._melde_an()
        self.welt.schliesse()
        shutil.copyfile(self.ordner / "stand.db", self.ordner / "anfang.db")
        self.stelle_wieder_her()

    @property
    def _url(self) -> str:
        return f"sqlite:///{self.ordner}/stand.db"

    def stelle_wieder_her(self) -> None:
        """The database as it was, and a fresh process on it."""
        self.welt.schliesse()
        for rest in self.ordner.glob("stand.db*"):
            rest.unlink()
        shutil.copyfile(self.ordner / "anfang.db", self.ordner / "stand.db")
        self.welt.neuer_prozess()
        self._baue()

    def _baue(self) -> None:
        """The application, without the brake on many requests: it would answer all of them with 429."""
        viele = {"ANFRAGEN_AUF_EINMAL": 10**9, "ANMELDUNGEN_AUF_EINMAL": 10**9}
        with patch.multiple(konsole, **viele):
            self.app = konsole.baue(self.welt.betrieb)

    def _melde_an(self) -> tuple[str, str]:
        form = f"name=lena&kennwort={KENNWORT.replace(' ', '+')}".encode()
        status, kopf, _ = self.frage("POST", "/anmeldung", b"", [(b"content-type", _FORM)], form)
        assert status == 303, "the fuzzer could not log in"
        keks = dict(kopf)[b"set-cookie"].split(b";")[0].decode()
        seite = self.frage("GET", "/", b"", [(b"cookie", keks.encode())], b"")[2].decode()
        treffer = re.search(r'name="csrf" value="([^"]+)"', seite)
        assert treffer
        return keks, treffer[1]

    def frage(
        self, methode: str, pfad: str, frage: bytes, kopf: list[tuple[bytes, bytes]], rumpf: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """One request. Whatever the application raises passes on."""
        gesendet: list[dict[str, Any]] = []

        async def empfange() -> dict[str, Any]:
            return {"type": "http.request", "body": rumpf, "more_body": False}

        async def sende(nachricht: dict[str, Any]) -> None:
            gesendet.append(nachricht)

        host = [] if any(name == b"host" for name, _ in kopf) else [(b"host", b"127.0.0.1")]
        ort = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": methode, "scheme": "http"}
        wer = {
            "path": unquote(pfad),
            "raw_path": pfad.encode(),
            "query_string": frage,
            "root_path": "",
            "client": ("127.0.0.1", 1),
        }
        self.schleife.run_until_complete(
            self.app({**ort, **wer, "server": ("127.0.0.1", 80), "headers": [*host, *kopf]}, empfange, sende)  # type: ignore[arg-type]
        )
        anfang = next(n for n in gesendet if n["type"] == "http.response.start")
        koerper = b"".join(n.get("body", b"") for n in gesendet if n["type"] == "http.response.body")
        return anfang["status"], list(anfang["headers"]), koerper


_BILLIG = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_NIEMAND = _BILLIG.hash("niemand")
_FORM = b"application/x-www-form-urlencoded"
_pult: Pult | None = None


def pult() -> Pult:
    """One for the process: making it takes a second."""
    global _pult
    _pult = _pult or Pult()
    return _pult


def lauf(daten: bytes) -> None:
    """Up to four requests: flags, route, what stands in its path, query, headers, form."""
    with patch.multiple(konten, _hasher=lambda: _BILLIG, _NIEMAND=_NIEMAND):
        _frage_nacheinander(daten)


def _frage_nacheinander(daten: bytes) -> None:
    los, hier, geaendert = Los(daten), pult(), False
    for _ in range(4):
        if not los.offen():
            break
        schalter = los.zahl(255)
        angemeldet, methode = bool(schalter & 1), ("GET", "POST", "HEAD", "DELETE")[schalter >> 1 & 3]
        vorlage, wert = PFADE[los.zahl(len(PFADE) - 1)], los.bytes()
        pfad = re.sub(r"\{id\}", hier.vorgang if not wert or schalter & 8 else _im_pfad(wert), vorlage)
        pfad = re.sub(r"\{[^}]*\}", _im_pfad(wert) or "akte", pfad)
        frage, kopf, rumpf = _in_frage(los.bytes()), _kopfzeilen(los.bytes()), los.bytes()
        if angemeldet:
            kopf.append((b"cookie", hier.keks.encode()))
            rumpf = rumpf.replace(b"CSRF", hier.csrf.encode())
        if methode == "POST" and not any(name == b"content-type" for name, _ in kopf):
            kopf.append((b"content-type", _FORM))
        status, antwortkopf, koerper = hier.frage(methode, pfad, frage, kopf, rumpf)
        _pruefe(pfad, status, antwortkopf, koerper, angemeldet)
        geaendert = geaendert or (methode == "POST" and status == 303)
    if geaendert:
        hier.stelle_wieder_her()


def _pruefe(pfad: str, status: int, kopf: list[tuple[bytes, bytes]], koerper: bytes, angemeldet: bool) -> None:
    namen = dict(kopf)
    assert status < 500 or (status == 503 and pfad == "/readyz"), f"answers {status}"
    assert namen.get(b"x-content-type-options") == b"nosniff"
    assert b"content-security-policy" in namen
    assert not any(b"\r" in wert or b"\n" in wert for wert in namen.values())
    if namen.get(b"content-type", b"").startswith(b"text/html"):
        assert ROH.encode() not in koerper, "markup of a request stands in the page"
    if not angemeldet:
        assert KANARIE.encode() not in koerper, "a case is shown to a stranger"
        assert status != 200 or pfad in ("/anmeldung", "/healthz", "/readyz", "/metrics"), "a page for a stranger"
    ort = namen.get(b"location", b"/").decode("latin-1")
    hier = urlsplit(ort).hostname in ("127.0.0.1", "localhost", "::1")  # Starlette names the host it was asked under
    assert hier or (ort.startswith("/") and not ort.startswith(("//", "/\\"))), "leads away from the console"


def _im_pfad(wert: bytes) -> str:
    """As a server hands it on: one segment, percent-encoded."""
    return "".join(
        chr(z) if chr(z).isascii() and (chr(z).isalnum() or z in b"-._~%:@!$&'()*+,;=") else f"%{z:02x}"
        for z in wert[:300]
    )


def _in_frage(wert: bytes) -> bytes:
    return bytes(z for z in wert[:4000] if 32 < z < 127)


def _kopfzeilen(roh: bytes) -> list[tuple[bytes, bytes]]:
    zeilen = (zeile.partition(b":") for zeile in roh.split(b"\n")[:20])
    erlaubt = ((name.strip().lower(), _KEIN_WERT.sub(b"", wert.strip())) for name, _, wert in zeilen)
    return [(name, wert) for name, wert in erlaubt if re.fullmatch(rb"[a-z0-9!#$%&'*+.^_`|~-]+", name)]


def _bau(
    methode: int, pfad: str, wert: str = "", frage: str = "", kopf: str = "", rumpf: str = "", angemeldet: int = 1
) -> bytes:
    stuecke = [
        bytes([methode << 1 | angemeldet, PFADE.index(pfad)]) + wert.encode(),
        frage.encode(),
        kopf.encode(),
        rumpf.encode(),
    ]
    return b"\0".join(stuecke) + b"\0"


def saat() -> Iterator[bytes]:
    for pfad in PFADE:
        yield _bau(0, pfad) + _bau(0, pfad, angemeldet=0)
    alles = "q=a&status=held&kanal=x&leistung=wbs&land=nw&fuer=technik&grund=g&dringend=1&von=2026-01-01&bis=2026-12-31"
    yield _bau(0, "/vorgaenge", frage=f"{alles}&vor=2026-01-01T00:00:00%2B00:00~x&getan=ergaenzt")
    yield _bau(0, "/vorgaenge", frage="bis=9999-12-30&von=0001-01-02&ueberfaellig=1&vor=9999-12-30T00:00:00Z~y")
    yield _bau(0, "/bilanz", frage="tag=2026-03-02&von=2026-03-02") + _bau(
        0, "/regeln", frage="tag=2026-03-02&leistung=wbs"
    )
    fremd = "Origin: http://127.0.0.1\nSec-Fetch-Site: same-origin\nHost: 127.0.0.1:8443\nX-Forwarded-For: 1.2.3.4"
    yield _bau(1, "/anmeldung", kopf=fremd, rumpf="name=lena&kennwort=falsch&weiter=/vorgaenge", angemeldet=0)
    yield _bau(0, "/anmeldung", frage=f"weiter=//x.example/{ROH}", angemeldet=0)
    mehrteilig = "Content-Type: multipart/form-data; boundary=g\n"
    yield _bau(
        1,
        "/anmeldung",
        kopf=mehrteilig,
        rumpf='--g\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--g--',
        angemeldet=0,
    )
    for pfad in (pfad for pfad in PFADE if "{" in pfad):
        yield _bau(
            1,
            pfad,
            rumpf=f"csrf=CSRF&grund={ROH}&ziel=akte&wie=brief&angaben=a%3A+1&woher=x&uebernehmen=&zustand=live&frage=x",
        )
    yield _bau(0, "/vorgang/{id}", wert="%2e%2e", kopf=f"Cookie: fachwerk={ROH}; a=b", angemeldet=0)


ZIEL = Ziel(
    name="konsole",
    was="the console: every route, queries, forms, headers, cookies",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk.konsole", "fachwerk.vorgangssuche", "fachwerk.nachtrag", "fachwerk.rueckgabe"),
    erlaubt=(),
    woerter=(
        b"\0", b"\0\0\0\0", b"<kanari>", b"%3Ckanari%3E", b"csrf=CSRF", b"&grund=x", b"&ziel=akte", b"&wie=brief",
        b"&angaben=", b"&uebernehmen=1", b"&bestaetigt=1", b"%00", b"%ff", b"%ed%a0%80", b"%5B", b"//", b"http://[",
        b"Origin: http://[", b"Host: [", b"Host: 127.0.0.1", b"Content-Type: multipart/form-data; boundary=g",
        b"--g\r\n", b"Content-Disposition: form-data; name=\"x\"", b"; filename=y", b"--g--", b"Cookie: fachwerk=",
        b"Authorization: Bearer ", b"\n", b"vor=9999-12-31~x", b"bis=9999-12-31", b"von=0001-01-01", b"tag=0001-01-01",
        b"tag=9999-12-31", b"weiter=//[", b"Accept-Language: ", b"Range: bytes=0-", b"99999999999999999999",
        b"If-None-Match: x", b"seite=-1", b"Content-Length: -1", b"name=lena", b"Transfer-Encoding: chunked",
        b"\xc3\xa4", b"&ab=9999-12-31", b"&bis=0001-01-01",
    ),
)  # fmt: skip
