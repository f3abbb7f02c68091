"""Receiving what nobody meant well: links, hostile names, damaged containers, drives that go away, open files."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fachwerk_comvibilia as comvibilia
from fachwerk.errors import FachwerkError, RetryableError
from fachwerk.modell import Eingang, Kanal
from fachwerk.testkit.wirt import FakeHost
from fachwerk_comvibilia.settings import Kanaleinstellungen
from fachwerk_comvibilia.simulator import ComVibilia, Nachricht

XML = b"<antrag/>"
PDF = b"%PDF-1.7 erfunden"
MELDUNG = Nachricht(XML, [("Nachweis Miete.pdf", PDF), ("zweites.pdf", b"")], nachricht_id="m-1")

beide = pytest.mark.parametrize("profil", ["ordner", "flach"])


def kanal(profil: str = "ordner", **mehr: Any) -> Kanal:
    werte = {"verzeichnis": "cv/export", "profil": profil, **mehr}
    return Kanal(name="export", plugin="comvibilia", einstellungen=Kanaleinstellungen(**werte))


def hole(k: Kanal, host: FakeHost) -> list[Eingang]:
    """One poll as the core does it: store, acknowledge, ask for the next; no folder may be left half moved."""
    geholt = []
    for eingang in comvibilia.receive(k, host):
        geholt.append(eingang)
        comvibilia.acknowledge(k, eingang, host)
    return geholt


def inhalte(eingang: Eingang) -> list[bytes]:
    return [teil.oeffnen().read() for teil in eingang.teile]


def liegt(ordner: Path) -> set[str]:
    return {pfad.relative_to(ordner).as_posix() for pfad in ordner.rglob("*") if pfad.is_file()}


def eigenes_profil(host: FakeHost, **eingang: Any) -> str:
    import json

    angaben = {"aufbau": "ordner", "nachricht": ["*.xml"], "anlagen": ["*"], **eingang}
    profil = {"fassung": 1, "name": "eigenes", "eingang": angaben}
    (host.ordner / "eigenes.yaml").write_text(json.dumps(profil), encoding="utf-8")
    return "eigenes.yaml"


def _sammle(k: Kanal, host: FakeHost, in_: list[Eingang]) -> list[Eingang]:
    for eingang in comvibilia.receive(k, host):
        in_.append(eingang)
        comvibilia.acknowledge(k, eingang, host)
    return in_


@pytest.mark.parametrize("wo", ["n1/attachments/boese.pdf", "n1/attachments/ordner"])
def test_a_link_inside_a_message_is_never_followed(
    wo: str, seite: Callable[..., ComVibilia], fake_host: FakeHost, tmp_path: Path
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(Nachricht(XML, [], "m-1", name="n1"))
    geheim = tmp_path / "geheim"
    geheim.mkdir()
    (geheim / "schluessel").write_bytes(b"streng geheim")
    (gegenstelle.export / wo).symlink_to(geheim if wo.endswith("ordner") else geheim / "schluessel")
    with pytest.raises(RetryableError) as fehler:
        hole(kanal(), fake_host)
    assert fehler.value.details["gruende"] == "verweis"
    assert b"streng geheim" not in b"".join(fake_host.inhalt.bytes_von.values())


def test_a_link_that_comes_between_listing_and_reading_is_refused(tmp_path: Path) -> None:
    from fachwerk_comvibilia.client import Ordner

    (tmp_path / "ziel").write_bytes(b"geheim")
    (tmp_path / "verweis").symlink_to(tmp_path / "ziel")
    with pytest.raises(RetryableError):
        list(Ordner(tmp_path).stroeme("verweis"))


def test_a_named_pipe_does_not_stop_the_round(seite: Callable[..., ComVibilia], fake_host: FakeHost) -> None:
    gegenstelle = seite()
    for name in ("n1", "n2"):
        gegenstelle.lege_ab(Nachricht(XML, [], name, name=name))
    os.mkfifo(gegenstelle.export / "n1" / "attachments" / "rohr.pdf")
    geholt: list[Eingang] = []
    with pytest.raises(RetryableError):
        _sammle(kanal(), fake_host, geholt)
    assert [eingang.nachricht_id for eingang in geholt] == ["n2"]


def test_a_link_as_message_folder_is_no_message(
    seite: Callable[..., ComVibilia], fake_host: FakeHost, tmp_path: Path
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(Nachricht(XML, [], "m-1", name="n1"))
    (gegenstelle.export / "n1").rename(tmp_path / "anderswo")
    (gegenstelle.export / "n1").symlink_to(tmp_path / "anderswo")
    assert hole(kanal(), fake_host) == []
    assert "comvibilia.unbekannt" in {befund.code for befund in comvibilia.check(kanal(), fake_host)}


@pytest.mark.parametrize(
    "name",
    [
        "mit Leer zeichen.pdf",
        "zeilen\numbruch.pdf",
        "klammer[1]{stamm}*.pdf",
        "ä" * 100 + ".pdf",
        "x" * 240 + ".pdf",
        "CON",
        "rechts\u202efdp.exe",
        os.fsdecode(b"kaputt-\xff.pdf"),
    ],
)
def test_hostile_and_over_long_names_are_taken_with_their_content(
    name: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(Nachricht(XML, [], "m-1", name="n1"))
    (gegenstelle.export / "n1" / "attachments" / name).write_bytes(PDF)
    [eingang] = hole(kanal(), fake_host)
    assert PDF in inhalte(eingang)
    assert Eingang.model_validate_json(eingang.model_dump_json()).nachricht_id == "m-1"
    assert liegt(gegenstelle.export / "verarbeitet")


@pytest.mark.parametrize("name", ["n" * 250, os.fsdecode(b"ordner-\xfe"), "a\tb", "ÄÖÜ"])
def test_a_folder_with_a_hostile_name_is_received_and_moved(
    name: str, seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(Nachricht(XML, [], "m-1", name="n1"))
    (gegenstelle.export / "n1").rename(gegenstelle.export / name)
    assert len(hole(kanal(), fake_host)) == 1
    assert {pfad.name for pfad in gegenstelle.export.iterdir()} == {"verarbeitet"}
    [bewegt] = (gegenstelle.export / "verarbeitet" / "2026-03-02").iterdir()
    assert len(str(bewegt)) < 260 or len(bewegt.name) <= 20


def test_the_drive_gone_is_retryable_and_looks_never_like_an_empty_folder(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(MELDUNG)
    k = kanal(verzeichnis=str(gegenstelle.export))
    [eingang] = list(comvibilia.receive(k, fake_host))
    gegenstelle.laufwerk_weg()
    for tun in (lambda: hole(k, fake_host), lambda: comvibilia.acknowledge(k, eingang, fake_host)):
        with pytest.raises(RetryableError) as fehler:
            tun()
        assert fehler.value.code == "comvibilia.nicht_erreichbar"
    gegenstelle.laufwerk_da()
    assert len(hole(k, fake_host)) == 1


def test_an_empty_mount_point_is_told_by_the_missing_anchor(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    with pytest.raises(RetryableError) as fehler:
        hole(kanal(ankerdatei="da.txt"), fake_host)
    assert fehler.value.code == "comvibilia.nicht_erreichbar"
    (gegenstelle.export / "da.txt").write_bytes(b"")
    gegenstelle.lege_ab(MELDUNG)
    assert len(hole(kanal(ankerdatei="da.txt"), fake_host)) == 1
    assert (gegenstelle.export / "da.txt").is_file()


def test_a_receipt_that_lies_in_the_export_folder_is_no_message_and_stays(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite("flach")
    zettel = gegenstelle.export / "1-fw0123456789abcdef.laufzettel.xml"
    zettel.write_bytes(b"<Q><Stand>uebernommen</Stand></Q>")
    assert hole(kanal("flach"), fake_host) == []
    gegenstelle.lege_ab(MELDUNG)
    assert len(hole(kanal("flach"), fake_host)) == 1
    assert zettel.is_file()
    assert "comvibilia.unbekannt" not in {befund.code for befund in comvibilia.check(kanal("flach"), fake_host)}


def test_in_a_flat_folder_a_file_two_messages_could_own_belongs_to_nobody(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite("flach")
    gegenstelle.lege_ab(Nachricht(XML, [], "m-1", name="a"))
    gegenstelle.lege_ab(Nachricht(XML, [], "m-2", name="b"))
    (gegenstelle.export / "a.anlage.1.nachricht.xml").write_bytes(b"<halb")
    geholt: list[Eingang] = []
    with pytest.raises(RetryableError) as fehler:
        _sammle(kanal("flach"), fake_host, geholt)
    assert [eingang.nachricht_id for eingang in geholt] == ["m-2"]
    assert "mehrdeutig" in fehler.value.details["gruende"]


def test_what_lies_in_verarbeitet_is_deleted_after_its_days(
    seite: Callable[..., ComVibilia], fake_host: FakeHost
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(MELDUNG)
    hole(kanal(aufbewahren_tage=10), fake_host)
    (gegenstelle.export / "verarbeitet" / "von Hand").mkdir()
    fake_host.vergehe(days=10)
    hole(kanal(aufbewahren_tage=10), fake_host)
    assert (gegenstelle.export / "verarbeitet" / "2026-03-02").is_dir()
    fake_host.vergehe(days=1)
    hole(kanal(aufbewahren_tage=10), fake_host)
    assert [pfad.name for pfad in (gegenstelle.export / "verarbeitet").iterdir()] == ["von Hand"]


def zip_mit(eintraege: dict[str, bytes]) -> bytes:
    puffer = io.BytesIO()
    with zipfile.ZipFile(puffer, "w", zipfile.ZIP_DEFLATED) as archiv:
        for name, inhalt in eintraege.items():
            archiv.writestr(name, inhalt)
    return puffer.getvalue()


MULTIPART = (
    b"Content-Type: multipart/mixed; boundary=grenze\r\n\r\nvorrede\r\n--grenze\r\n"
    b'Content-Type: application/pdf; name="x"\r\nContent-Transfer-Encoding: base64\r\n'
    b'Content-Disposition: attachment; filename="../../a.pdf"\r\n\r\nJVBE\r\nRi0=\r\n--grenze\r\n'
    b'Content-Type: application/xml\r\nContent-Disposition: attachment; filename="antrag.xml"\r\n\r\n<antrag>\r\n'
    b"</antrag>\r\n--grenze--\r\n"
)


@pytest.mark.parametrize(
    ("art", "datei", "erwartet"),
    [
        ("zip", zip_mit({"anlagen/../../a.pdf": b"%PDF-", "antrag.xml": b"<antrag/>"}), [b"<antrag/>", b"%PDF-"]),
        ("multipart", MULTIPART, [b"<antrag>\r\n</antrag>", b"%PDF-"]),
    ],
)
def test_a_container_named_by_the_profile_is_split_with_the_message_first(
    art: str, datei: bytes, erwartet: list[bytes], fake_host: FakeHost
) -> None:
    profil = eigenes_profil(fake_host, behaelter=[{"muster": "*.behaelter", "art": art}])
    ordner = fake_host.ordner / "ein" / "n1"
    ordner.mkdir(parents=True)
    (ordner / "alles.behaelter").write_bytes(datei)
    [eingang] = hole(kanal(profil, verzeichnis="ein"), fake_host)
    assert inhalte(eingang) == erwartet
    assert [teil.name for teil in eingang.teile] == ["antrag.xml", "a.pdf"]


@pytest.mark.parametrize(
    ("art", "datei"),
    [
        ("zip", zip_mit({"antrag.xml": b"<antrag/>"})[:-30]),
        ("zip", zip_mit({"bombe.xml": b"0" * 3_000_000})),
        ("multipart", MULTIPART[:-14]),
        ("multipart", MULTIPART.replace(b"Ri0=", b"Ri0")),
        ("multipart", b"kein behaelter"),
        ("zip", b""),
    ],
    ids=["zip cut off", "zip that explodes", "multipart cut off", "multipart with bad base64", "no multipart", "empty"],
)
def test_a_damaged_or_exploding_container_is_left_alone(art: str, datei: bytes, fake_host: FakeHost) -> None:
    profil = eigenes_profil(fake_host, behaelter=[{"muster": "*.behaelter", "art": art}])
    ordner = fake_host.ordner / "ein" / "n1"
    ordner.mkdir(parents=True)
    (ordner / "alles.behaelter").write_bytes(datei)
    with pytest.raises(RetryableError) as fehler:
        hole(kanal(profil, verzeichnis="ein", hoechstens_mb=2), fake_host)
    assert fehler.value.details["gruende"] == "behaelter_unlesbar"
    assert (ordner / "alles.behaelter").read_bytes() == datei


def test_a_container_no_profile_names_stays_one_part(seite: Callable[..., ComVibilia], fake_host: FakeHost) -> None:
    archiv = zip_mit({"antrag.xml": XML})
    seite().lege_ab(Nachricht(XML, [("alles.zip", archiv)], "m-1"))
    assert inhalte(hole(kanal(), fake_host)[0]) == [XML, archiv]


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_round(
    seite: Callable[..., ComVibilia], fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(Nachricht(XML, [("a.pdf", PDF)], "m-1", name="n1"))
    echt = fake_host.inhalt.schreibe

    def schreibe(strom: Any, *args: Any, **mehr: Any) -> Any:
        teil = echt(strom, *args, **mehr)
        with open(gegenstelle.export / "n1" / "attachments" / "a.pdf", "ab") as datei:
            datei.write(b"mehr")
        return teil

    monkeypatch.setattr(fake_host.inhalt, "schreibe", schreibe)
    assert list(comvibilia.receive(kanal(), fake_host)) == []
    monkeypatch.undo()
    assert len(hole(kanal(), fake_host)) == 1


def test_a_windows_program_that_holds_a_file_open_only_delays_the_acknowledgement(
    seite: Callable[..., ComVibilia], fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    gegenstelle = seite()
    gegenstelle.lege_ab(MELDUNG)
    [eingang] = list(comvibilia.receive(kanal(), fake_host))

    def verweigert(*args: Any) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "rename", verweigert)
    with pytest.raises(FachwerkError) as fehler:
        comvibilia.acknowledge(kanal(), eingang, fake_host)
    assert fehler.value.code == "comvibilia.verboten"
    monkeypatch.undo()
    comvibilia.acknowledge(kanal(), eingang, fake_host)
    assert hole(kanal(), fake_host) == []


@pytest.mark.parametrize("profil", ["ordner", "flach"])
def test_nothing_is_renamed_while_one_of_our_files_in_the_folders_is_open(
    profil: str, seite: Callable[..., ComVibilia], fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a rename fails as long as any program, ourselves included, has a file open in the folder."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("NOT CHECKED: this system does not say which files are open")
    gesehen: list[str] = []

    def geprueft(echt: Any) -> Any:
        def umbenennen(von: Any, nach: Any) -> None:
            offen = [os.readlink(f"/proc/self/fd/{nr}") for nr in os.listdir("/proc/self/fd") if _ist_da(nr)]
            gesehen.append(str(nach))
            assert not [pfad for pfad in offen if pfad.startswith(str(fake_host.ordner / "cv"))]
            echt(von, nach)

        return umbenennen

    gegenstelle = seite(profil)
    gegenstelle.lege_ab(MELDUNG)
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, geprueft(getattr(os, name)))
    assert len(hole(kanal(profil), fake_host)) == 1
    assert gesehen


def _ist_da(nr: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{nr}")


@pytest.mark.parametrize("nachher", ["verschieben", "loeschen"])
def test_an_acknowledgement_that_breaks_off_leaves_nothing_that_looks_like_a_message(
    nachher: str, seite: Callable[..., ComVibilia], fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    gegenstelle, k, echt, uebrig = seite("flach"), kanal("flach", nachher=nachher), os.rename, [1]
    gegenstelle.lege_ab(MELDUNG)
    [eingang] = list(comvibilia.receive(k, fake_host))

    def einmal(von: Any, nach: Any) -> None:
        if not uebrig:
            raise OSError(5, "lost")
        uebrig.pop()
        echt(von, nach)

    monkeypatch.setattr(os, "rename", einmal)
    with pytest.raises(RetryableError):
        comvibilia.acknowledge(k, eingang, fake_host)
    monkeypatch.undo()
    assert list(comvibilia.receive(k, fake_host)) == [], "half of a message is no message"
    comvibilia.acknowledge(k, eingang, fake_host)
    assert {pfad.name for pfad in gegenstelle.export.iterdir()} <= {"verarbeitet"}
