"""Profiles of a site for COM Vibilia and PROSOZ: any text is a profile, or a ``ConfigError`` that names the place."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from geruest import Ziel, arbeitsordner

from fachwerk.errors import ConfigError
from fachwerk_comvibilia import profil as comvibilia
from fachwerk_prosoz import profil as prosoz


def lauf(daten: bytes) -> None:
    """First byte: which kind of profile; the rest is the file."""
    art, datei = daten[:1], arbeitsordner() / "profil.yaml"
    if art in (b"o", b"s"):
        datei.write_bytes(daten[1:])
        gelesen = prosoz.lade(datei.name, "ordner" if art == b"o" else "soap", datei.parent)
        assert gelesen.spaetere_bedeutungen is not None
        return
    datei.write_bytes(daten[1:])
    comvibilia._gelesen.cache_clear()
    fertig = comvibilia.lade(datei.name + "", datei.parent)
    assert comvibilia.Profil.model_validate(fertig.model_dump()) == fertig


def saat() -> Iterator[bytes]:
    for paket, namen, art in (
        ("fachwerk_comvibilia", ("ordner", "flach"), b"c"),
        ("fachwerk_laemmerzahl", ("laemmerzahl",), b"c"),
        ("fachwerk_prosoz", ("ordner-beispiel",), b"o"),
        ("fachwerk_prosoz", ("soap-beispiel",), b"s"),
    ):
        for name in namen:
            text = (resources.files(paket) / "profile" / f"{name}.yaml").read_text(encoding="utf-8")
            yield art + "\n".join(zeile for zeile in text.splitlines() if not zeile.lstrip().startswith("#")).encode()


ZIEL = Ziel(
    name="layoutprofil",
    was="layout profiles of comvibilia, laemmerzahl and prosoz",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_comvibilia", "fachwerk_prosoz", "fachwerk.parameter"),
    erlaubt=(ConfigError,),
    verschwiegen=False,
    woerter=(
        b"&a ", b"*a", b"<<: *a", b"? [a]\n: b\n", b"[[[[[[[[", b"{", b"}", b": ", b"- ", b"\n  ", b"null",
        b"!!binary QQ==", b"!!python/name:os.system", b"!!set {a}", b"!!timestamp 2026-01-01", b"!!int x",
        b"!!float .nan", b".inf", b"0x1F", b"1:30", b"1e400", b"{stamm}", b"{kennung}", b"{schluessel}", b"'", b'"',
        b"|\n ", b"%YAML 9.9\n---\n", b"---\n", b"(", b"(?P<a>", b"\xef\xbb\xbf", b"\t", b"~", b"yes",
        b"{familienname}", b"!<tag:yaml.org,2002:str> ", b"!!omap [a: b]", b"=",
    ),
)  # fmt: skip
