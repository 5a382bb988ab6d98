#!/bin/sh
# Builds the wheel with the binary in it, installs it where nothing else of this project is, and tests
# it there against real servers. Then it lets PyArrow, Polars and DuckDB exchange files with Fettle, for which
# it needs Go ($GO, default: go).
#
#   test.sh BINARY
#
# The packages that the tests need are kept in a virtual environment in $PYTHON_CACHE (default: python
# below the user's cache folder), made again when requirements.txt changes.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
fettle=$(CDPATH='' cd -- "$(dirname -- "${1:?usage: test.sh BINARY}")" && pwd)/$(basename -- "$1")
cache=${PYTHON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fettle/python}
venv=$cache/venv-$(cksum <"$here/requirements.txt" | tr ' ' '-')

if [ ! -f "$venv/ready" ]; then
  rm -rf "$venv"
  mkdir -p "$cache"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  touch "$venv/ready"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$here" "$work/source" # a build leaves its own files behind
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=manylinux_2_17_x86_64 ;;
  Linux-aarch64) platform=manylinux_2_17_aarch64 ;;
  *) platform=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_platform().replace("-", "_").replace(".", "_"))') ;;
esac
(cd "$work/source" && FETTLE_BINARY=$fettle FETTLE_PLATFORM=$platform \
  "$venv/bin/python" -m build --wheel --no-isolation --outdir "$work/wheel" . >"$work/build.log" 2>&1) ||
  { cat "$work/build.log"; exit 1; }
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$work"/wheel/*.whl
"$venv/bin/fettle" version
(cd "$here/src" && "$venv/bin/mypy" --strict --ignore-missing-imports --cache-dir="$work/mypy" fettle)
cd "$work"
"$venv/bin/python" -m pytest -q -p no:cacheprovider source/tests
(cd "$here/../.." && FETTLE_PYTHON=$venv/bin/python "${GO:-go}" test -count=1 ./test/formats)
