"""The files of betrieb/: what they start exists, what they set exists, and they keep the promises of the service."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET  # a file of our own
from collections import defaultdict
from pathlib import Path, PureWindowsPath

import click
import pytest

from fachwerk.cli import befehle
from fachwerk.dienst import Dienst
from fachwerk.settings import Einstellungen

WURZEL = Path(__file__).resolve().parents[1]
BETRIEB = WURZEL / "betrieb"
EINHEIT = BETRIEB / "systemd/fachwerk.service"
CONTAINER = BETRIEB / "container/Containerfile"
ANWEISUNGEN = {"ARG", "FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


def einheit() -> dict[str, list[str]]:
    werte: dict[str, list[str]] = defaultdict(list)
    for zeile in EINHEIT.read_text(encoding="utf-8").splitlines():
        if "=" in zeile and not zeile.startswith("#"):
            name, _, wert = zeile.partition("=")
            werte[name].append(wert)
    return werte


def gibt_es(befehl: str) -> bool:
    return befehle.get_command(click.Context(befehle), befehl) is not None


def kennt(variable: str) -> bool:
    """Whether the core reads this ``FACHWERK_…`` variable."""
    felder = Einstellungen.model_fields["fachwerk"].annotation.model_fields  # type: ignore[union-attr]
    quelltext = [pfad.read_text(encoding="utf-8") for pfad in (WURZEL / "core/src/fachwerk/cli").glob("*.py")]
    schluessel = variable.removeprefix("FACHWERK_").lower()
    return schluessel in felder or any(f'"{variable}"' in text for text in quelltext)


def test_systemd_starts_a_command_that_exists_with_settings_that_exist() -> None:
    [start] = einheit()["ExecStart"]
    programm, *argumente = start.split()
    assert programm.startswith("/opt/fachwerk/bin/")
    assert gibt_es(argumente[-1])
    namen = [wert.partition("=")[0] for wert in einheit()["Environment"]]
    assert namen
    assert [name for name in namen if not kennt(name)] == []


def test_systemd_waits_longer_than_the_service_drains_and_never_gives_up() -> None:
    abklang = inspect.signature(Dienst.stoppe).parameters["frist_s"].default
    assert int(einheit()["TimeoutStopSec"][0]) >= 2 * abklang
    assert (einheit()["Restart"], einheit()["StartLimitIntervalSec"]) == (["always"], ["0"])


def test_systemd_gives_the_service_nothing_it_does_not_need() -> None:
    werte = einheit()
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictSUIDSGID"):
        assert werte[name] == ["yes"], name
    assert (werte["ProtectSystem"], werte["CapabilityBoundingSet"], werte["UMask"]) == (["strict"], [""], ["0077"])


def test_systemd_hands_over_the_key_that_the_service_is_told_to_read() -> None:
    [[name, _, pfad]] = [wert.partition(":") for wert in einheit()["LoadCredential"]]
    assert f"FACHWERK_SCHLUESSELDATEI=%d/{name}" in einheit()["Environment"]
    tmpfiles = (BETRIEB / "systemd/fachwerk.tmpfiles.conf").read_text(encoding="utf-8")
    assert f"z {pfad} 0600 root root" in tmpfiles
    assert f"LoadCredential={name}:{pfad}" in (BETRIEB / "systemd/fachwerk-befehl").read_text(encoding="utf-8")


@pytest.mark.debian
def test_systemd_itself_finds_no_fault(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("NOT CHECKED by systemd-analyze: systemd is missing")
    kopie = tmp_path / EINHEIT.name
    text = EINHEIT.read_text(encoding="utf-8")
    kopie.write_text(text.replace("/opt/fachwerk/bin/fachwerk", "/bin/true"), encoding="utf-8")
    lauf = subprocess.run(["systemd-analyze", "verify", "--man=no", str(kopie)], capture_output=True, text=True)
    assert (lauf.returncode, [z for z in lauf.stderr.splitlines() if EINHEIT.name in z]) == (0, [])


def test_windows_starts_the_same_command_and_waits_as_long() -> None:
    dienst = ET.parse(BETRIEB / "windows/fachwerk-dienst.xml").getroot()  # noqa: S314
    assert gibt_es(str(dienst.findtext("arguments")))
    assert int(str(dienst.findtext("stoptimeout")).split()[0]) == int(einheit()["TimeoutStopSec"][0])
    namen = [str(eintrag.get("name")) for eintrag in dienst.findall("env")]
    assert [name for name in namen if name.startswith("FACHWERK_") and not kennt(name)] == []
    ordner = PureWindowsPath(str(dienst.findtext("workingdirectory")))
    assert f'set "ORDNER={ordner}"' in (BETRIEB / "windows/rechte.cmd").read_text(encoding="ascii")
    assert str(dienst.findtext("serviceaccount/username")) in (BETRIEB / "windows/rechte.cmd").read_text("ascii")


def test_the_container_file_uses_known_words_and_stages_and_runs_as_nobody_special() -> None:
    text = re.sub(r"\\\n", " ", CONTAINER.read_text(encoding="utf-8"))
    zeilen = [zeile.split(maxsplit=1) for zeile in text.splitlines() if zeile and not zeile.startswith("#")]
    assert {wort for wort, _ in zeilen} <= ANWEISUNGEN
    stufen = re.findall(r"^FROM \S+ AS (\w+)$", text, re.MULTILINE)
    assert set(re.findall(r"--from=(\w+)", text)) == set(stufen)
    worte = dict(zeilen)
    assert worte["USER"] == "10001:10001"
    assert worte["ENTRYPOINT"] == '["fachwerk"]'
    assert gibt_es(re.findall(r"\w+", worte["CMD"])[0])
    assert "--no-index" in text


def test_the_scripts_for_the_shell_can_be_read_by_it() -> None:
    subprocess.run(["sh", "-n", str(BETRIEB / "systemd/fachwerk-befehl")], check=True)
