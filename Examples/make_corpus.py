#!/usr/bin/env python3
"""Cuts the bundled corpus and its evaluation files from a larger text, one paragraph a line.

A few megabytes are too little for a random sample to teach which capital belongs to which
country. So a share of the text is made of paragraphs that name at least two of the words of the
chosen analogy sections, and the rest is a random sample, so that the language stays ordinary.
Paragraphs keep their order.

    python3 Examples/make_corpus.py enwiki-100m.txt questions-words.txt EN-WS-353-ALL.txt
"""

import argparse
import collections
import pathlib
import random
import subprocess


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", help="plain text, one paragraph a line")
    parser.add_argument("analogies", help="questions in the format of questions-words.txt")
    parser.add_argument("similarity", help="lines of `word word score`")
    parser.add_argument("--output", default=pathlib.Path(__file__).parent, type=pathlib.Path)
    parser.add_argument("--bytes", default=14_000_000, type=int, help="size of the cut, unpacked")
    parser.add_argument("--chosen", default=0.6, type=float,
                        help="largest share of the bytes that is chosen by its words")
    parser.add_argument("--sections", default="capital,family",
                        help="prefixes of the analogy sections to keep")
    parser.add_argument("--words-min", default=20, type=int, help="shortest paragraph, in words")
    parser.add_argument("--vocabulary", default=10_000, type=int,
                        help="questions are kept if their words are among that many")
    parser.add_argument("--seed", default=1, type=int)
    return parser.parse_args()


def read_sections(path, prefixes):
    """The kept sections by name, each a list of four-word questions in lower case."""
    sections, current = {}, None
    for line in open(path, encoding="utf-8"):
        if line.startswith(":"):
            name = line[1:].strip()
            current = sections.setdefault(name, []) if name.startswith(prefixes) else None
        elif current is not None:
            current.append(tuple(line.lower().split()))
    return sections


def choose(lines, topic, options):
    """Indices of the paragraphs to keep, in order."""
    random.seed(options.seed)
    shuffled = list(range(len(lines)))
    random.shuffle(shuffled)
    kept, size = set(), 0
    for index in shuffled:
        if size >= options.bytes * options.chosen:
            break
        if len(topic.intersection(lines[index].split())) >= 2:
            kept.add(index)
            size += len(lines[index])
    for index in shuffled:
        if size >= options.bytes:
            break
        if index not in kept:
            kept.add(index)
            size += len(lines[index])
    return sorted(kept)


def main():
    options = arguments()
    sections = read_sections(options.analogies, tuple(options.sections.split(",")))
    topic = {word for name, questions in sections.items() if name.startswith("capital")
             for question in questions for word in question}
    with open(options.text, encoding="utf-8") as text:
        lines = [line for line in text if len(line.split()) >= options.words_min]
    kept = [lines[index] for index in choose(lines, topic, options)]

    counts = collections.Counter(word for line in kept for word in line.split())
    known = {word for word, _ in counts.most_common(options.vocabulary)}
    corpus = options.output / "corpus.txt"
    corpus.write_text("".join(kept), encoding="utf-8")
    subprocess.run(["zstd", "-q", "-19", "--ultra", "--rm", "-f", str(corpus)], check=True)

    with open(options.output / "analogies.txt", "w", encoding="utf-8") as output:
        for name, questions in sections.items():
            questions = [question for question in questions if known.issuperset(question)]
            if questions:
                output.write(f": {name}\n")
                output.writelines(" ".join(question) + "\n" for question in questions)
    with open(options.output / "similarity.txt", "w", encoding="utf-8") as output:
        for line in open(options.similarity, encoding="utf-8"):
            left, right, score = line.lower().split()
            if left in known and right in known:
                output.write(f"{left}\t{right}\t{score}\n")
    print(f"{len(kept)} paragraphs, {sum(counts.values())} words, {len(counts)} different, "
          f"{sum(count >= 5 for count in counts.values())} of them at least 5 times")


if __name__ == "__main__":
    main()
