"""A small folder target and a small folder mailbox that keep the contract, and variants that each break one promise."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from fachwerk.errors import RetryableError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import (
    Anlage,
    Antrag,
    Art,
    Befund,
    Eingang,
    Entscheidung,
    Idempotenz,
    Kanal,
    Manifest,
    Quittung,
    Schwere,
    Sendung,
    Stufe,
    Teil,
    Ziel,
)
from fachwerk.testkit import Kanalstelle, Zielstelle

Datei = tuple[str, str, bytes]


class Streng(BaseModel):
    model_config = ConfigDict(extra="forbid")
    verzeichnis: Path


class Nachlaessig(BaseModel):
    verzeichnis: Path


class Ordnerziel:
    """Keeps every promise."""

    titel = "Ordnerziel (erfunden)"
    stufen: tuple[Stufe, ...] = (Stufe.UEBERGEBEN,)
    idempotenz = Idempotenz.SCHLUESSEL
    modell: type[BaseModel] = Streng

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(
            name="ordnerziel",
            version="1",
            arten=frozenset({Art.ZIEL}),
            titel=self.titel,
            stufen=self.stufen,
            idempotenz=self.idempotenz,
            einstellungen={Art.ZIEL: self.modell},
        )

    @hookimpl
    def render(self, antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
        teile = [teil for teil in (antrag.original, *antrag.anlagen) if teil is not None]
        vermerk = Teil.entwurf("v.txt", "text/plain", lambda: [self.vermerk(entscheidung).encode()])
        anlagen = tuple(Anlage(pfad=f"{n}.bin", teil=teil) for n, teil in enumerate([vermerk, *teile]))
        return Sendung(ziel=ziel.name, bezeichnung="fall", anlagen=anlagen)

    def vermerk(self, entscheidung: Entscheidung) -> str:
        return entscheidung.empfehlung.value

    @hookimpl
    def deliver(self, sendung: Sendung, ziel: Ziel, schluessel: str, host: Any) -> Quittung:
        try:
            return self.schreibe(sendung, ziel, schluessel, host)
        except OSError as fehler:
            raise self.uebersetzt(fehler, sendung) from None

    def uebersetzt(self, fehler: OSError, sendung: Sendung) -> Exception:
        return RetryableError("ordnerziel.gestoert", "Der Ordner nimmt gerade nichts an.")

    def schreibe(self, sendung: Sendung, ziel: Ziel, schluessel: str, host: Any) -> Quittung:
        fertig, entwurf = self.ort(ziel, schluessel), self.ort(ziel, schluessel, ".neu-")
        if not fertig.exists():
            shutil.rmtree(entwurf, ignore_errors=True)
            entwurf.mkdir()
            for anlage in sendung.anlagen:
                with open(entwurf / anlage.pfad, "wb") as datei:
                    for stueck in anlage.teil.bytes_strom():
                        datei.write(self.veredelt(stueck))
            os.rename(entwurf, fertig)
        return self.quittung(ziel, schluessel, host)

    def veredelt(self, stueck: bytes) -> bytes:
        return stueck

    def ort(self, ziel: Ziel, schluessel: str, vor: str = "fall-") -> Path:
        ordner: Path = ziel.einstellungen.verzeichnis
        return ordner / (vor + hashlib.sha256(schluessel.encode()).hexdigest()[:16])

    def quittung(self, ziel: Ziel, schluessel: str, host: Any) -> Quittung:
        kennung = self.ort(ziel, schluessel).name
        return Quittung(ziel=ziel.name, schluessel=schluessel, stufe=Stufe.UEBERGEBEN, zeit=host.now(), kennung=kennung)

    @hookimpl
    def find_delivered(self, ziel: Ziel, schluessel: str, host: Any) -> Quittung | None:
        return self.quittung(ziel, schluessel, host) if self.ort(ziel, schluessel).exists() else None

    @hookimpl
    def check(self, kanal_oder_ziel: Any, host: Any) -> list[Befund]:
        if kanal_oder_ziel.einstellungen.verzeichnis.is_dir():
            return []
        return [Befund(code="ordnerziel.fehlt", schwere=Schwere.FEHLER, text="Der Ordner fehlt.")]


class OhneZwischenname(Ordnerziel):
    """Writes under the final name at once: half a case is visible."""

    def ort(self, ziel: Ziel, schluessel: str, vor: str = "") -> Path:
        return super().ort(ziel, schluessel, "fall-")


class Vergesslich(Ordnerziel):
    """A new folder on every attempt."""

    def ort(self, ziel: Ziel, schluessel: str, vor: str = "fall-") -> Path:
        return super().ort(ziel, f"{schluessel}{uuid.uuid4()}", vor)


class Plauderer(Ordnerziel):
    """Logs what it was given."""

    def schreibe(self, sendung: Sendung, ziel: Ziel, schluessel: str, host: Any) -> Quittung:
        logging.getLogger("plauderer").warning("got %s", sendung.anlagen[1].teil.oeffnen().read())
        return super().schreibe(sendung, ziel, schluessel, host)


class Unrein(Ordnerziel):
    """Looks at the clock while it renders."""

    def vermerk(self, entscheidung: Entscheidung) -> str:
        return datetime.now(UTC).isoformat()


class Durchlaessig(Ordnerziel):
    """Lets the error of the system out."""

    def uebersetzt(self, fehler: OSError, sendung: Sendung) -> Exception:
        return fehler


class Angeber(Ordnerziel):
    """Claims a stage its manifest does not know."""

    def quittung(self, ziel: Ziel, schluessel: str, host: Any) -> Quittung:
        return super().quittung(ziel, schluessel, host).model_copy(update={"stufe": Stufe.UEBERNOMMEN})


class Luegner(Ordnerziel):
    """Says of everything that it arrived."""

    @hookimpl
    def find_delivered(self, ziel: Ziel, schluessel: str, host: Any) -> Quittung | None:
        return self.quittung(ziel, schluessel, host)


class Verbesserer(Ordnerziel):
    """Changes what it carries."""

    def veredelt(self, stueck: bytes) -> bytes:
        return stueck.upper()


class Ungenau(Ordnerziel):
    """Takes any key in the configuration."""

    modell = Nachlaessig


class Namenlos(Ordnerziel):
    """Has no title."""

    titel = ""


class Zufrieden(Ordnerziel):
    """Never finds anything wrong."""

    @hookimpl
    def check(self, kanal_oder_ziel: Any, host: Any) -> list[Befund]:
        return []


class Ordnerkanal:
    """A message is a folder with a marker; keeps every promise."""

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(
            name="ordnerkanal",
            version="1",
            arten=frozenset({Art.KANAL}),
            titel="Ordnerkanal (erfunden)",
            einstellungen={Art.KANAL: Streng},
        )

    @hookimpl
    def receive(self, kanal: Kanal, host: Any) -> Iterator[Eingang]:
        try:
            for ordner in sorted(kanal.einstellungen.verzeichnis.iterdir()):
                if self.ist_fertig(ordner):
                    yield self.hole(ordner, kanal, host)
        except OSError:
            raise RetryableError("ordnerkanal.gestoert", "Der Ordner ist nicht zu lesen.") from None

    def ist_fertig(self, ordner: Path) -> bool:
        return (ordner / "fertig").exists()

    def hole(self, ordner: Path, kanal: Kanal, host: Any) -> Eingang:
        namen = json.loads((ordner / "namen.json").read_text()) if (ordner / "namen.json").exists() else []
        teile = tuple(
            host.inhalt.schreibe(self.strom(ordner / str(n)), name, typ) for n, (name, typ) in enumerate(namen)
        )
        kennung = self.kennung(ordner)
        return Eingang(kanal=kanal.name, nachricht_id=kennung, empfangen=host.now(), teile=teile)

    def strom(self, pfad: Path) -> Iterator[bytes]:
        with pfad.open("rb") as datei:
            yield from iter(lambda: datei.read(1 << 20), b"")

    def kennung(self, ordner: Path) -> str:
        return ordner.name

    @hookimpl
    def acknowledge(self, kanal: Kanal, eingang: Eingang, host: Any) -> None:
        shutil.rmtree(kanal.einstellungen.verzeichnis / eingang.nachricht_id, ignore_errors=True)

    @hookimpl
    def check(self, kanal_oder_ziel: Any, host: Any) -> list[Befund]:
        if kanal_oder_ziel.einstellungen.verzeichnis.is_dir():
            return []
        return [Befund(code="ordnerkanal.fehlt", schwere=Schwere.FEHLER, text="Der Ordner fehlt.")]


class Ungeduldig(Ordnerkanal):
    """Takes what is not complete yet."""

    def ist_fertig(self, ordner: Path) -> bool:
        return True


class Wuerfler(Ordnerkanal):
    """Gives a message a new id each time."""

    def kennung(self, ordner: Path) -> str:
        return str(uuid.uuid4())


class Verschlinger(Ordnerkanal):
    """Reads everything into memory."""

    def strom(self, pfad: Path) -> Iterator[bytes]:
        yield pfad.read_bytes()


class Eifrig(Ordnerkanal):
    """Removes a message before anybody has stored it."""

    def hole(self, ordner: Path, kanal: Kanal, host: Any) -> Eingang:
        eingang = super().hole(ordner, kanal, host)
        shutil.rmtree(ordner)
        return eingang


class Gierig(Ordnerkanal):
    """Fetches all before it gives out one."""

    @hookimpl
    def receive(self, kanal: Kanal, host: Any) -> Iterator[Eingang]:
        yield from list(super().receive(kanal, host))


@contextmanager
def zielstelle(ordner: Path) -> Iterator[Zielstelle]:
    yield Zielstelle.im_ordner(ordner / "ziel")


@contextmanager
def kanalstelle(ordner: Path) -> Iterator[Kanalstelle]:
    post = ordner / "post"
    post.mkdir()

    def lege_halb_hin(dateien: Sequence[Datei]) -> Any:
        nachricht = post / f"n-{len(list(post.iterdir()))}"
        nachricht.mkdir()
        for nummer, (_, _, inhalt) in enumerate(dateien):
            (nachricht / str(nummer)).write_bytes(inhalt)
        (nachricht / "namen.json").write_text(json.dumps([(name, typ) for name, typ, _ in dateien]))
        return (nachricht / "fertig").touch

    def lege_hin(dateien: Sequence[Datei]) -> None:
        lege_halb_hin(dateien)()

    yield Kanalstelle(
        {"verzeichnis": str(post)},
        lege_hin,
        lambda: len(list(post.glob("*/fertig"))),
        lege_halb_hin=lege_halb_hin,
        ordner=post,
    )
