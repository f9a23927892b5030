#!/usr/bin/env python3
"""Measures how well n-grams bring misspelt words home: the share of typos whose right word is among
the nearest neighbours of the typo.

    python3 Benchmarks/typos.py model.bin [other.bin ...]

The typos are of the most frequent words of each model that have at least --letters letters, a to z:
one letter is changed, left out, put in, or swapped with the next, drawn from --seed; a typo that is
a word of the model is drawn again. --reader names who looks them up: `sounder neighbours`, or
fastText itself (the package fasttext-wheel). With both, their answers are compared, too.
"""
import argparse
import json
import pathlib
import random
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LETTERS = "abcdefghijklmnopqrstuvwxyz"
HEADER_BYTES, DICTIONARY_BYTES = 64, 28


def dictionary(path):
    """The words of a .bin of version 11 or 12, by rank."""
    data = pathlib.Path(path).read_bytes()
    if data[:4] != struct.pack("<i", 793712314):
        sys.exit(f"{path} is no fastText .bin of version 11 or 12")
    (count,) = struct.unpack_from("<i", data, HEADER_BYTES + 4)
    position, words = HEADER_BYTES + DICTIONARY_BYTES, []
    for _ in range(count):
        end = data.index(0, position)
        words.append(data[position:end].decode("utf-8", "replace"))
        position = end + 10
    return words


def misspelt(word, chance):
    place, letter = chance.randrange(len(word)), chance.choice(LETTERS)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:place] + letter + word[place + 1:]
    if kind == 1:
        return word[:place] + word[place + 1:]
    if kind == 2:
        return word[:place] + letter + word[place:]
    place = min(place, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2:]


def typos(words, options):
    """Pairs (typo, right word)."""
    chance, known, pairs = random.Random(options.seed), set(words), []
    fit = [w for w in words if len(w) >= options.letters and set(w) <= set(LETTERS)]
    for word in fit[:options.words]:
        typo = misspelt(word, chance)
        while typo in known:
            typo = misspelt(word, chance)
        pairs.append((typo, word))
    return pairs


def by_sounder(path, questions, options):
    command = [
        options.sounder.resolve(), "neighbours", "--vectors", path, "--top", options.top, "--json", "--",
        *questions]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, check=True)
    return [
        [(entry["word"], entry["cosine"]) for entry in answer["neighbours"]]
        for answer in json.loads(done.stdout)["answers"]]


def by_fasttext(path, questions, options):
    import fasttext

    fasttext.FastText.eprint = lambda *_: None
    model = fasttext.load_model(str(path))
    return [
        [(word, cosine) for cosine, word in model.get_nearest_neighbors(question, k=options.top)]
        for question in questions]


READERS = {"sounder": by_sounder, "fasttext": by_fasttext}


def compare(one, other):
    """How many lists of words are the same, and how far cosines are apart at most."""
    named = [([w for w, _ in a], [w for w, _ in b]) for a, b in zip(one, other)]
    sets = sum(set(a) == set(b) for a, b in named)
    same = sum(a == b for a, b in named)
    apart = max(abs(x - y) for a, b in zip(one, other) for (_, x), (_, y) in zip(a, b))
    print(
        f"  of {len(named)} answers {sets} have the same words, {same} in the same order; "
        f"cosines differ by {apart:.1e} at most")


def measure(path, options):
    words = dictionary(path)
    pairs = typos(words, options)
    print(f"{path}: {len(words):,} words, {len(pairs):,} typos, seed {options.seed}")
    found = {}
    for reader in options.reader:
        began = time.monotonic()
        answers = READERS[reader](path, [typo for typo, _ in pairs], options)
        seconds = time.monotonic() - began
        if len(answers) != len(pairs):
            sys.exit(f"{reader} gave {len(answers)} answers to {len(pairs)} typos")
        hits = [word in [w for w, _ in answer] for (_, word), answer in zip(pairs, answers)]
        first = [bool(answer) and answer[0][0] == word for (_, word), answer in zip(pairs, answers)]
        print(
            f"  {reader}: right word among the {options.top} nearest "
            f"{100 * sum(hits) / len(hits):.2f} %, the nearest "
            f"{100 * sum(first) / len(first):.2f} % ({seconds:.1f} s)")
        found[reader] = answers
    if len(found) == 2:
        compare(*found.values())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--reader", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--sounder", default=ROOT / ".build/release/sounder", type=pathlib.Path)
    parser.add_argument("--words", type=int, default=1000)
    parser.add_argument("--letters", type=int, default=5)
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for path in options.models:
        measure(path, options)


if __name__ == "__main__":
    main()
