#!/bin/sh
# Times `fettle train` on the data sets that the peers' generator wrote, each result as one JSON line:
#
#     run.sh FETTLE DATA [SET/VIEW ..]      DATA holds the folders 1m, 10m, 10m100k, hot
#
# TRAIN_FLAGS are added to the command. Outputs are left in DATA/out. Names of columns keep the prefix of their view; compare.py strips it.
set -eu
fettle=$1 data=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- 1m/windows 10m100k/windows 10m/windows hot/windows 1m/snapshot 10m/snapshot 10m100k/wide
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
cp -r "$here/fettle.yaml" "$here/features" "$project"
mkdir -p "$data/out"
for run in "$@"; do
  set=${run%/*} view=${run#*/} out=$data/out/fettle-${run%/*}-${run#*/}.parquet
  ln -sfn "$data/$set" "$project/data"
  load=$(cut -d' ' -f1 /proc/loadavg)
  /usr/bin/time -o "$project/time" -f '%e %U %S %M' \
    "$fettle" -q -C "$project" train --features "$view.*" --labels "$data/$set/labels.parquet" \
    --time label_time --output "$out" ${TRAIN_FLAGS:-} >"$project/log" || { cat "$project/log"; exit 1; }
  read -r wall user system memory <"$project/time"
  printf '{"peer": "fettle", "data": "%s", "workload": "%s", "seconds": %s, "cpu_seconds": %s, "peak_rss_mb": %d, "load_before": %s}\n' \
    "$set" "$view" "$wall" "$(echo "$user $system" | awk '{print $1 + $2}')" $((memory / 1024)) "$load"
done
