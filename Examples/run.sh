#!/usr/bin/env bash
# Trains on the bundled corpus with a cluster of one machine, then asks the vectors some questions.
set -euo pipefail
cd "$(dirname "$0")/.."

sounder=${SOUNDER:-.build/release/sounder}
out=Examples/out
vectors=$out/vectors.bin
workers=${WORKERS:-2}
cores=$(getconf _NPROCESSORS_ONLN)
threads=${THREADS:-$((cores > workers ? cores / workers : 1))}

# Shows a command as it would be typed, then runs it.
run() {
    local word
    printf '\n$ sounder' >&2
    for word in "${@:2}"; do printf ' %s' "$word" >&2; done
    printf '\n' >&2
    "$@"
}

mkdir -p "$out"
run "$sounder" train sgns --input Examples/corpus.txt.zst --output "$vectors" \
    --dim 200 --window 10 --epochs 15 --workers "$workers" --threads "$threads"
run "$sounder" neighbours --vectors "$vectors" paris france river music computer
run "$sounder" eval words --vectors "$vectors" --analogies Examples/analogies.txt \
    --similarity Examples/similarity.txt
printf '\nThe vectors are in %s (word2vec binary, as gensim reads it).\n' \
    "$vectors" >&2
