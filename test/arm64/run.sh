#!/usr/bin/env bash
# Shows that values have the same bits on CPUs that are not this one's.
#
#   run.sh
#
# 1. The code of what computes values holds no fused multiply-add, for any CPU that Go builds for and
#    that has them. That this would be seen is shown on a function where one is planted.
# 2. The tests with golden bits pass as an arm64 program, under the emulator of Debian's qemu-user.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(./internal/engine/... ./internal/schema/... ./internal/plan/... ./internal/batch/...)
golden=(elementary exact hash expr aggregate window)
emulator=${QEMU_AARCH64:-qemu-aarch64}
command -v "$emulator" >/dev/null || { echo "install qemu-user (Debian) or name the emulator in QEMU_AARCH64" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/go.mod" <<'END'
module planted

go 1.26
END
cat >"$scratch/planted.go" <<'END'
package planted

func Fused(x, y, z float64) float64 { return x*y + z }

func Rounded(x, y, z float64) float64 { return float64(x*y) + z }
END

failed=0
here=$PWD
for arch in arm64 ppc64le riscv64 s390x amd64; do
  planted=$(cd "$scratch" && GOWORK=off "$here/test/arm64/fused.sh" build "$arch" .)
  if [ "$(grep -c 'planted.Fused' <<<"$planted")" != 1 ] || grep -q 'planted.Rounded' <<<"$planted"; then
    echo "$arch: the planted x*y + z was not found, or float64(x*y) + z was: $planted"
    failed=1
  fi
  found=$(test/arm64/fused.sh build "$arch" "${packages[@]}")
  if [ -n "$found" ]; then
    echo "$arch: fused multiply-adds; write the product, or the quotient by a constant, as float64(..):"
    echo "$found"
    failed=1
  else
    echo "$arch: no fused multiply-add but the planted one"
  fi
done
[ "$failed" = 0 ] || exit 1

tests=()
for name in "${golden[@]}"; do tests+=("./internal/engine/$name"); done
GOARCH=arm64 CGO_ENABLED=0 go test -short -exec "$emulator" "${tests[@]}"
