#!/bin/sh
# Runs the oracle with its pinned packages in a virtual environment of its own.
#
#   run.sh BINARY [SEEDS]
#
# The environment is kept in $ORACLE_CACHE (default: .cache/oracle below the user's cache folder)
# and made again when requirements.txt changes. $FLIGHTS_DATA may name the real flights file.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
fettle=$(CDPATH='' cd -- "$(dirname -- "${1:?usage: run.sh BINARY [SEEDS]}")" && pwd)/$(basename -- "$1")
seeds=${2:-1..300}
cache=${ORACLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fettle/oracle}
sum=$(cksum <"$here/requirements.txt" | tr ' ' '-')
venv=$cache/venv-$sum

if [ ! -f "$venv/ready" ]; then
  rm -rf "$venv"
  mkdir -p "$cache"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  touch "$venv/ready"
fi

cd "$here"
"$venv/bin/python" -m unittest --quiet
"$venv/bin/python" run.py --fettle "$fettle" --seeds "$seeds"
"$venv/bin/python" layouts.py --fettle "$fettle" --seeds 1..8
"$venv/bin/python" live.py --fettle "$fettle" --seeds "${LIVE_SEEDS:-1..12}"
for fault in drop extra order; do
  "$venv/bin/python" live.py --fettle "$fettle" --seeds 1..2 --plant "$fault"
done
if [ -n "${FLIGHTS_DATA:-}" ] && [ -f "$FLIGHTS_DATA" ]; then
  "$venv/bin/python" flights.py --fettle "$fettle" --data "$FLIGHTS_DATA" --labels "${FLIGHTS_LABELS:-300000}"
else
  "$venv/bin/python" flights.py --fettle "$fettle" --labels "${FLIGHTS_LABELS:-30000}"
fi
