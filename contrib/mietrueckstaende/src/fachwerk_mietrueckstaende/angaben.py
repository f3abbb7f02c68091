"""What the case file lacks: what the office cannot do without, and what it will ask for later."""

from __future__ import annotations

from fachwerk_mietrueckstaende.fall import Fall


def fehlende(fall: Fall) -> list[str]:
    """What the office cannot do without."""
    gefahr, rueckstand = fall.gefahr, fall.rueckstand
    geklagt = bool(gefahr.raeumungsklage)
    frueher = fall.frueher_uebernommen is True
    fehlt = {
        "laufende Leistungen (SGB II, SGB XII, AsylbLG oder keine)": fall.leistungsbezug is None,
        "Personen im Haushalt": not fall.haushalt,
        "monatliche Miete": fall.miete.gesamt is None,
        "Vermieter": not fall.miete.vermieter,
        "Höhe des Mietrückstands": rueckstand.betrag is None,
        "Monate, aus denen der Rückstand stammt": rueckstand.monate is None,
        "Mahnung oder Kündigung (Datum)": gefahr.mahnung is None and gefahr.kuendigung is None,
        "Art der Kündigung (fristlos, ordentlich oder beides)": _ohne_art(fall),
        "ob Räumungsklage erhoben ist": gefahr.raeumungsklage is None and gefahr.klage_zugestellt is None,
        "Tag der Zustellung der Räumungsklage": geklagt and gefahr.klage_zugestellt is None,
        "ob die Wohnung behalten werden soll": fall.verbleib_gewollt is None,
        "ob schon früher Mietschulden übernommen wurden": fall.frueher_uebernommen is None,
        "Tag der früheren Übernahme oder der früheren Kündigung": frueher and not _frueherer_tag(fall),
    }
    return [text for text, fehlt_es in fehlt.items() if fehlt_es]


def _ohne_art(fall: Fall) -> bool:
    return fall.gefahr.kuendigung is not None and fall.gefahr.kuendigung_art is None


def _frueherer_tag(fall: Fall) -> bool:
    return fall.frueher_uebernommen_am is not None or fall.fruehere_kuendigung is not None


def ergaenzende(fall: Fall) -> list[str]:
    """What the decision will need besides; its absence alone asks nobody."""
    selbst, aussicht, miete = fall.selbsthilfe, fall.aussicht, fall.miete
    raten = (selbst.raten_angefragt, selbst.raten_abgelehnt)
    gesichert = (aussicht.miete_kuenftig_gesichert, aussicht.direktzahlung)
    fehlt = {
        "Bankverbindung des Vermieters": not miete.vermieter_iban,
        "Grund des Rückstands": not selbst.ursache,
        "ob Ratenzahlung angefragt oder abgelehnt ist": raten == (None, None),
        "Einkommen aller Haushaltsmitglieder": any(p.einkommen_monat is None for p in fall.haushalt),
        "Vermögen": selbst.vermoegen is None,
        "ob der Vermieter das Mietverhältnis fortsetzt": aussicht.vermieter_setzt_fort is None,
        "wie die künftige Miete gesichert ist": gesichert == (None, None),
        "ob eine andere Wohnung zur Verfügung steht": aussicht.andere_wohnung is None,
        "Größe der Wohnung": miete.wohnflaeche_m2 is None,
    }
    return [text for text, fehlt_es in fehlt.items() if fehlt_es]
