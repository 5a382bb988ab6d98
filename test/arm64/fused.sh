#!/usr/bin/env bash
# Lists the fused multiply-adds that the compiler puts into packages, or into their tests.
#
#   fused.sh build|test ARCH PACKAGES..
#
# A fused multiply-add rounds once where x*y+z rounds twice, so it gives other bits than a CPU
# without it. The compiler's listing names the function and the line of each.
set -euo pipefail

what=$1 arch=$2
shift 2
[ "$arch" != amd64 ] || export GOAMD64=v3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
command=(go build)
[ "$what" = build ] || command=(go test -c -o "$scratch")
flags=()
for package in "$@"; do flags+=("-gcflags=$package=-S"); done
if ! GOARCH=$arch CGO_ENABLED=0 "${command[@]}" "${flags[@]}" "$@" >"$scratch/listing" 2>&1; then
  grep -vE '^[[:space:]]| S[A-Z]+ ' "$scratch/listing" | tail -20 >&2
  exit 1
fi
if ! grep -q ' STEXT ' "$scratch/listing"; then
  echo "no code was listed for $arch" >&2
  exit 1
fi
awk -v arch="$arch" '
  / STEXT / { name = $1 }
  /\t(VFN?M(ADD|SUB)[0-9]+[SP][SD]|FN?M(ADD|SUB)[SD]?|X[SV]N?M(ADD|SUB)[AM][SD]P|WFN?M[AS][SD]B)\t/ {
    split($0, part, /[()]/); split($0, column, "\t")
    print arch ": " name " at " part[2] ": " column[3]
  }' "$scratch/listing" | sort -u
