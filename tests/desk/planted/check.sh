#!/bin/sh
# Applies each planted fault to a copy of the working tree, and runs the tests of the desk, which
# must find it: tests/desk/planted/check.sh
set -eu
root=$(git rev-parse --show-toplevel)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
git -C "$root" ls-files -z | (cd "$root" && xargs -0 tar -c) | tar -x -C "$copy"
cd "$copy"
for patch in "$root"/tests/desk/planted/*.patch; do
    git apply "$patch"
    if cargo test --quiet -p cairn-core --test desk --locked -- --skip planted >"$copy/log" 2>&1; then
        echo "not found: $(basename "$patch")"
        exit 1
    fi
    grep -q 'test result: FAILED' "$copy/log" || { cat "$copy/log"; exit 1; }
    echo "found: $(basename "$patch")"
    git apply --reverse "$patch"
done
