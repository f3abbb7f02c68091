"""The ``fachwerk.toml`` of the demo, written for people who look into it."""

from __future__ import annotations

from collections.abc import Mapping

from fachwerk.demo.beispiele import EMPFAENGER, GEMEINDE, KONTEN, LAND
from fachwerk.demo.gegenstellen import COMVIBILIA, LAEMMKOM, PROSOZ_ORDNER, PROSOZ_SOAP

POST = "mustersleben-osci"
"""The Kanal that reads the export folder of COM Vibilia."""


def toml(
    urls: Mapping[str, str],
    clamd: str,
    prosoz_url: str,
    *,
    kopf: str = "",
    takt: str = "10s",
    wbs: Mapping[str, str] | None = None,
) -> str:
    """The whole file. ``urls`` are the addresses of the XTA server, ``kopf`` more keys of ``[fachwerk]``.

    ``wbs`` says of each Kanal to which Ziel its housing entitlements go; without it all go to the Aktenablage.
    """
    kanaele = "\n".join(
        _UEBER_KANAL[name] + kanal_toml(name, LAND[amt], urls, takt=takt).lstrip() for name, amt in KONTEN.items()
    )
    wege = wbs or {"": "akte"}
    wbs_routen = "".join(_route("wbs", kanal, ziel) for kanal, ziel in wege.items())
    return f"""\
# Konfiguration der Demo: vier XTA-Postfächer und ein Ordner von COM Vibilia gehen in fünf Ziele.
# „fachwerk init“ legt eine Vorlage für den Betrieb an, die jeden Schlüssel erklärt.

[fachwerk]
betreiber = "Demo"
{kopf}plugins = ["wbs_nw", "wbs_mv", "wbs_st", "mietrueckstaende"]  # die Regeln; die der Kanäle und Ziele kommen dazu

# --- Kanäle: woher die Anträge kommen. Der Takt ist kurz, damit niemand wartet; im Betrieb genügen Minuten. ---
{kanaele}
# Mustersleben hat auch ein OSCI-Postfach. COM Vibilia holt es ab und legt jede Nachricht in einen Ordner.
[kanal.{POST}]
plugin = "comvibilia"
takt = "{takt}"
land = "st"
verzeichnis = "{COMVIBILIA}/export"

[format.xsozial_basis]
bestaetigt = [{{ abbildung = "projektprofil-1", produkt = ["Fachwerk-Erzeuger*"] }}]  # nur das selbst Erzeugte

# --- Ziele: wohin die Fälle gehen. „nachfrage“: wie bald nach einer Quittung gefragt wird (sonst: eine Minute). ---

# Wohnberechtigungsscheine: kein Fachverfahren ist anschließbar, also ein lesbarer Ordner je Fall.
[ziel.akte]
plugin = "aktenablage"
verzeichnis = "ausgang/akte"

# Neumusterstadt arbeitet mit PROSOZ und nimmt Fälle über SOAP an (hier: ein Simulator mit erfundener WSDL).
[ziel.prosoz-nw]
plugin = "prosoz"
weg = "soap"
profil = "beispiel"
wsdl = "{PROSOZ_SOAP}/wsdl/erfunden.wsdl"
url = "{prosoz_url}"
zertifikat = "{PROSOZ_SOAP}/pki/fachwerk.crt"
privatschluessel = "{PROSOZ_SOAP}/pki/fachwerk.key"
ca = "{PROSOZ_SOAP}/pki/ca.crt"
nachfrage = "1s"

# Musterow arbeitet mit PROSOZ und nimmt Fälle aus einem Ordner (hier: ein Simulator, der Rückmeldungen schreibt).
[ziel.prosoz-mv]
plugin = "prosoz"
weg = "ordner"
profil = "beispiel"
verzeichnis = "{PROSOZ_ORDNER}"
nachfrage = "1s"

# Mustersleben arbeitet mit LÄMMkom, das nur über COM Vibilia erreichbar ist. Was über COM Vibilia kam, liest es selbst:
[ziel.laemmkom]
plugin = "laemmerzahl"
ueber = "{POST}"
verzeichnis = "{LAEMMKOM}/import"
quittungen = "{LAEMMKOM}/quittungen"
nachfrage = "1s"

# … und was über XTA kam, bringt COM Vibilia hin:
[ziel.laemmkom-post]
plugin = "laemmerzahl"
ueber = "comvibilia"
nachfrage = "1s"

# (dieses Ziel nennt keine Route; es sagt nur, wo COM Vibilia wartet und wo seine Laufzettel erscheinen)
[ziel.comvibilia]
plugin = "comvibilia"
verzeichnis = "{COMVIBILIA}/import"
quittungen = "{COMVIBILIA}/quittungen"

# Für Musterhagen entscheidet der Landkreis: Sein Postfach bekommt die Nachricht über XTA, wie sie kam.
[ziel.landkreis]
plugin = "generic_xta"
management_url = "{urls["management"]}"
send_url = "{urls["send"]}"
zertifikat = "postfach/pki/musterhagen.crt"
privatschluessel = "postfach/pki/musterhagen.key"
ca = "postfach/pki/ca.crt"
kennung = "mrh:{GEMEINDE}"
dienst = "urn:fachwerk:demo:weiterleitung"   # erfunden; wirkliche Angaben nennen Empfänger und DVDV
nachfrage = "1s"

[ziel.landkreis.empfaenger]
kennung = "{EMPFAENGER}"
name = "Landkreis Musterkreis"

[ziel.landkreis.szenario]
text = "DEMO_WEITERLEITUNG"

[ziel.landkreis.nachrichtentyp]
code = "vorgang.transportieren.1000001"
liste = "urn:de:payloadSchema:elementName"
version = "1.0"
payload_schema = "urn:xoev-de:d-nrw:standard:xsozialbasis"

[ziel.klaerung]
plugin = "aktenablage"
verzeichnis = "ausgang/klaerung"

# --- Routen: welcher Antrag in welches Ziel geht. Auf jeden Fall passt genau eine. ---
{wbs_routen}
{_route("mietrueckstaende", "neumusterstadt", "prosoz-nw")}
{_route("mietrueckstaende", "musterow", "prosoz-mv")}
{_route("mietrueckstaende", "musterhagen", "landkreis")}
{_route("mietrueckstaende", POST, "laemmkom")}
{_route("mietrueckstaende", "mustersleben", "laemmkom-post")}
[klaerung]
ziel = "klaerung"  # was gehalten wird, sieht die Sachbearbeitung hier noch heute

[sicherung]
spiegel = "spiegel"  # was ankommt, liegt verschlüsselt noch einmal hier; im Betrieb auf einer zweiten Platte

[virenpruefung]
art = "clamd"
adresse = "{clamd}"
"""


_UEBER_KANAL = {
    "neumusterstadt": "# Stadt Neumusterstadt, Nordrhein-Westfalen\n",
    "musterow": "# Hansestadt Musterow, Mecklenburg-Vorpommern\n",
    "musterhagen": "# Stadt Musterhagen, Mecklenburg-Vorpommern; über Mietrückstände entscheidet ihr Landkreis\n",
    "mustersleben": "# Stadt Mustersleben, Sachsen-Anhalt\n",
}


def _route(leistung: str, kanal: str, ziel: str) -> str:
    nur = f'kanal = "{kanal}"\n' if kanal else ""
    return f'[[route]]\nleistung = "{leistung}"\n{nur}ziel = "{ziel}"\nzustand = "live"\n'


def kanal_toml(name: str, land: str, urls: Mapping[str, str], pki: str = "postfach/pki", takt: str = "1m") -> str:
    """The section of an XTA mailbox of the simulator, with the certificate of the account of the same name."""
    return f"""
[kanal.{name}]
plugin = "generic_xta"
takt = "{takt}"
land = "{land}"
kennung = "*"
management_url = "{urls["management"]}"
msgbox_url = "{urls["msgbox"]}"
send_url = "{urls["send"]}"
zertifikat = "{pki}/{name}.crt"
privatschluessel = "{pki}/{name}.key"
ca = "{pki}/ca.crt"
"""
