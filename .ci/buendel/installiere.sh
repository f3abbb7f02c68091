#!/bin/sh
# Installiert Fachwerk aus diesem Ordner, ohne Netz: sh installiere.sh /opt/fachwerk [python3.11]
set -eu
[ $# -ge 1 ] || { echo "Aufruf: sh installiere.sh ORDNER [PYTHON]   zum Beispiel: sh installiere.sh /opt/fachwerk" >&2; exit 2; }
ziel=$1
python=${2:-python3}
cd "$(dirname "$0")"

sha256sum --quiet -c PRUEFSUMMEN || { echo "Das Paket ist beschädigt oder unvollständig: bitte neu kopieren." >&2; exit 3; }
hier=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') \
    || { echo "„$python“ gibt es hier nicht: sh installiere.sh ORDNER PYTHON" >&2; exit 3; }
[ "$hier" = "$(cat PYTHON)" ] || { echo "Gebaut für Python $(cat PYTHON), „$python“ ist $hier: bitte das andere nennen." >&2; exit 3; }

[ -x "$ziel/bin/python" ] || "$python" -m venv "$ziel"
"$ziel/bin/python" -m pip --isolated install --no-index -f raeder --disable-pip-version-check --quiet --upgrade \
    -c constraints.txt -r anforderungen.txt
"$ziel/bin/python" -m pip --isolated check
echo "Installiert: $ziel/bin/fachwerk"
echo "Weiter mit: $ziel/bin/fachwerk init ORDNER"
