#!/usr/bin/env bash
# Runs SEEDS seeds of the simulation from FIRST on, side by side on all cores, or replays SEED.
set -euo pipefail
simulate=$1
if [ -n "${SEED:-}" ]; then exec "$simulate" --seed "$SEED"; fi

seeds=${SEEDS:-2000}
first=${FIRST:-1}
share=$(((seeds + 99) / 100))
last=$((first + seeds - 1))
# A share that fails prints its seed, and no further one is begun.
# shellcheck disable=SC2016  # the inner shell expands its own arguments
for ((from = first; from <= last; from += share)); do
    to=$((from + share - 1))
    echo "$from..$((to < last ? to : last))"
done | xargs -P "$(nproc)" -I{} sh -c '"$1" --seeds "$2" --quiet || exit 255' _ "$simulate" {}
echo "$seeds seeds from $first on are clean"
