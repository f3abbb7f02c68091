#!/bin/sh
# Makes .venv-bench with what bench_entscheidung.py is compared with. If that cannot be had, the bench says so itself.
set -eu
cd "$(dirname "$0")/.."
umgebung=.venv-bench
marke=$umgebung/eingerichtet
if [ -e "$marke" ] && cmp -s bench/vergleich.txt "$marke"; then
    exit 0
fi
echo "Richte $umgebung für den Vergleich ein (nur für Messungen) …"
rm -rf "$umgebung"
"${PYTHON:-python3}" -m venv "$umgebung"
"$umgebung/bin/python" -m pip install -qq --disable-pip-version-check -r bench/vergleich.txt
cp bench/vergleich.txt "$marke"
