#!/bin/sh
# Puts data/flights.parquet in place: from $FETTLE_FLIGHTS_DATA, if that names a copy, else from npm.
set -eu
cd "$(dirname "$0")"

package=vega-datasets@3.2.1
sum=dbeb920c90f59b6ccaff823dcc3d08f25a97fa1ce128d93f40be4e931f5900b0

check() { # check FILE
  if command -v sha256sum >/dev/null 2>&1; then have=$(sha256sum "$1"); else have=$(shasum -a 256 "$1"); fi
  [ "${have%% *}" = "$sum" ]
}

if [ -f data/flights.parquet ] && check data/flights.parquet; then
  echo "data/flights.parquet is there"
  exit 0
fi
mkdir -p data
if [ -n "${FETTLE_FLIGHTS_DATA:-}" ]; then
  cp "$FETTLE_FLIGHTS_DATA" data/flights.partial
else
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  echo "taking $package from npm"
  archive=$(cd "$folder" && npm pack --silent "$package" </dev/null)
  tar -xzf "$folder/$archive" -C "$folder" package/data/flights-3m.parquet
  mv "$folder/package/data/flights-3m.parquet" data/flights.partial
fi
if ! check data/flights.partial; then
  rm -f data/flights.partial
  echo "the file is not the one expected; nothing was written" >&2
  exit 1
fi
mv data/flights.partial data/flights.parquet
echo "data/flights.parquet: 3,000,000 flights"
