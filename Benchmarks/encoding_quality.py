"""How good the vectors of the encoding benchmark are: cosine to a reference, and retrieval."""

import json

from surroundings import opened

REFERENCE = "sentence-transformers f32"


def joined(document):
    """Title and text with a space between, as BEIR gives documents to a model."""
    return f"{document.get('title') or ''} {document['text']}".strip()


def unit(vectors):
    import numpy

    lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / numpy.maximum(lengths, 1e-12)


def cosines(vectors, reference):
    products = (unit(vectors) * unit(reference)).sum(axis=1)
    return {"min": float(products.min()), "mean": float(products.mean())}


def token_count(options, texts):
    """Tokens of all texts as the model sees them, or None without the library that counts them."""
    try:
        import tokenizers
    except ImportError:
        return None
    tokenizer = tokenizers.Tokenizer.from_file(str(options.model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(options.max_length)
    return sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))


def lines(folder, name):
    """Documents of a .jsonl file, compressed or not."""
    path = next(path for ending in ("", ".xz", ".zst", ".gz")
                if (path := folder / (name + ending)).exists())
    with opened(path) as source:
        return [json.loads(line) for line in source if line.strip()]


def judgements(folder):
    """For every query its relevant documents with their grades."""
    path = next(path for path in (folder / "test.tsv", folder / "qrels/test.tsv")
                if path.exists())
    graded = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        graded.setdefault(query, {})[document] = int(grade)
    return graded


def ndcg(ranked, grades, depth=10):
    """Järvelin & Kekäläinen 2002, with the gain as graded, as trec_eval and BEIR compute it."""
    import math

    def discounted(gains):
        return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:depth]))

    ideal = discounted(sorted(grades.values(), reverse=True))
    return discounted([grades.get(one, 0) for one in ranked]) / ideal if ideal else 0.0


def scifact(variant, folder):
    """nDCG@10 of exact search for the queries of the test set."""
    import numpy

    graded = judgements(folder)
    documents = lines(folder, "corpus.jsonl")
    queries = [query for query in lines(folder, "queries.jsonl") if query["_id"] in graded]
    names = [document["_id"] for document in documents]
    kept = variant.vectors
    variant.run([joined(document) for document in documents]
                + [query["text"] for query in queries])
    vectors, variant.vectors = unit(variant.vectors), kept
    scores = vectors[len(documents):] @ vectors[:len(documents)].T
    best = numpy.argsort(-scores, axis=1, kind="stable")[:, :10]
    found = [ndcg([names[index] for index in row], graded[query["_id"]])
             for query, row in zip(queries, best)]
    return sum(found) / len(found)
