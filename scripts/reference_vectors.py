#!/usr/bin/env python3
"""Writes reference-vectors.json for `sounder model verify`: texts and what sentence-transformers
makes of them, in Float32.

    reference_vectors.py MODEL [--texts FILE] [--output FILE]

MODEL is a folder or a name that sentence-transformers knows; FILE has a text a line.
"""

import argparse
import json
import os

from sentence_transformers import SentenceTransformer

TEXTS = [
    "hog",
    "A wild hog crossed the road.",
    "The quick brown fox jumps over the lazy dog, 1234567890 times!",
    "Zürich, São Paulo, Київ, 東京, القاهرة and Ελλάδα are places.",
    "def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)",
    "e = mc²; ∮ E·dA = Q/ε₀; naïve café – “quoted” … 🦔🦔",
    " ".join(f"sentence number {i} of a long document goes on." for i in range(200)),
    "UPPER lower MiXeD\tTabs and   spaces\u00a0here",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--texts")
    parser.add_argument("--output")
    arguments = parser.parse_args()
    texts = TEXTS
    if arguments.texts:
        with open(arguments.texts, encoding="utf-8") as file:
            texts = [line.rstrip("\n") for line in file]
    output = arguments.output or os.path.join(arguments.model, "reference-vectors.json")
    model = SentenceTransformer(arguments.model, device="cpu")
    vectors = model.encode(texts, batch_size=1)
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"texts": texts, "vectors": [[float(x) for x in row] for row in vectors]}, file)
    print(f"wrote {len(texts)} vectors to {output}")


if __name__ == "__main__":
    main()
