#!/usr/bin/env python3
"""Measures MaxSim beside maxsim-cpu, BM25 beside bm25s, lists of vectors beside faiss (one thread)
and indexes of token vectors beside fast-plaid (THREADS): same work, in turn.

    BENCH_SCIFACT   folder of BEIR SciFact (corpus.jsonl or .xz, queries.jsonl, test.tsv): words
                    and token vectors to index
    BENCH_VECTORS   .npy of Float32 vectors, as encode writes them: 500 of them are the queries
    BENCH_MODEL     all-MiniLM-L6-v2, of the token vectors (the package in .venv)
    REPEATS 3       how often each has its turn
    THREADS         of the indexes of token vectors (all cores)
    BITS 4,2        of fast-plaid's residuals
    DOCUMENTS       of SciFact that are indexed (all; fast-plaid takes some 20 minutes for each of BITS)
    ONLY            maxsim, dense, words, tokens, with commas (all)

Ours are measured by LateInteractionBench, which calls the library as the programs do; all figures
are ratios of one run. A query of 32 tokens meets 1,000 passages of 106 tokens on average, of 128
numbers each.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

import retrieval_tokens
from surroundings import HERE, ROOT, commit, machine, names, opened, say, setting

for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
BENCH = ROOT / ".build/release/LateInteractionBench"


def ours(*arguments):
    """Name and first figure of each line that the benchmark prints."""
    done = subprocess.run([BENCH, *arguments], capture_output=True, text=True, check=True)
    figures = {}
    for line in done.stdout.splitlines():
        name, figure = line.split(": ", 1)
        figures[name] = float(figure.split()[0])
    return figures


def peer_maxsim(random):
    """Milliseconds of maxsim-cpu, the best of nine."""
    import maxsim_cpu
    query = random.standard_normal((32, 128), dtype=numpy.float32)
    query /= numpy.linalg.norm(query, axis=1, keepdims=True)
    documents = []
    for length in random.integers(56, 157, 1000):
        tokens = random.standard_normal((length, 128), dtype=numpy.float32)
        documents.append(tokens / numpy.linalg.norm(tokens, axis=1, keepdims=True))
    best = float("inf")
    for _ in range(9):
        began = time.perf_counter()
        maxsim_cpu.maxsim_scores_variable(query, documents)
        best = min(best, time.perf_counter() - began)
    return best * 1e3


def peer_words(texts, queries):
    """Megabytes indexed and queries answered in a second by bm25s, stems and stop words alike."""
    import bm25s
    import Stemmer
    stemmer = Stemmer.Stemmer("english")
    began = time.perf_counter()
    tokens = bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend="numba")
    index.index(tokens, show_progress=False)
    built = sum(len(text.encode()) for text in texts) / 1e6 / (time.perf_counter() - began)
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        asked = bm25s.tokenize(queries, stopwords="en", stemmer=stemmer, show_progress=False)
        index.retrieve(asked, k=100, show_progress=False, n_threads=1)
        best = min(best, time.perf_counter() - began)
    return built, len(queries) / best


PROBES = (0, 4, 8, 12, 16, 24, 32, 48, 64)


def vectors(path):
    """Vectors of length 1 but for the 500 that are the queries, those, and the true best ten."""
    rows = numpy.array(numpy.load(path), dtype=numpy.float32)
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
    order = numpy.random.default_rng(1).permutation(len(rows))
    queries, rows = rows[order[:500]], rows[order[500:]]
    best = numpy.argsort(-(queries @ rows.T), axis=1)[:, :10]
    return numpy.ascontiguousarray(rows), numpy.ascontiguousarray(queries), best


def recall(found, best):
    return float(numpy.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, best)]))


def cheapest(figures):
    """Of (probes, recall, queries/s): the fastest whose recall is 0.95 and more."""
    enough = [figure for figure in figures if figure[1] >= 0.95]
    return max(enough, key=lambda figure: figure[2])


def peer_dense(rows, queries, best):
    """IVF-Flat with as many lists as ours; exhaustive search in the first place."""
    import faiss
    faiss.omp_set_num_threads(1)
    lists = 1 << int(numpy.log2(4 * len(rows) ** 0.5))
    dimension = rows.shape[1]
    flat = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(dimension), dimension, lists, faiss.METRIC_INNER_PRODUCT)
    index.train(rows)
    flat.add(rows)
    index.add(rows)
    figures = []
    for probes in PROBES:
        index.nprobe = max(probes, 1)
        searched = index if probes else flat
        fastest = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            found = [searched.search(queries[i:i + 1], 10)[1][0] for i in range(len(queries))]
            fastest = min(fastest, time.perf_counter() - began)
        figures.append((probes, recall(found, best), len(queries) / fastest))
    return figures


def our_dense(rows, queries, best):
    with tempfile.TemporaryDirectory() as place:
        numpy.save(f"{place}/rows.npy", rows)
        numpy.save(f"{place}/queries.npy", queries)
        speeds = ours("dense", f"{place}/rows.npy", f"{place}/queries.npy", place,
                      *map(str, PROBES))
        figures = {}
        for form in ("f32", "bf16"):
            for probes in PROBES:
                lines = pathlib.Path(f"{place}/{form} {probes}").read_text().splitlines()
                found = [list(map(int, line.split())) for line in lines]
                figures.setdefault(form, []).append(
                    (probes, recall(found, best), speeds[f"{form} {probes}"]))
        return figures


def dense(path, repeats):
    rows, queries, best = vectors(path)
    speeds, exact, places = {}, {}, {}
    for turn in range(repeats):
        say(f"lists of vectors, {turn + 1} of {repeats}")
        runs = {"faiss": peer_dense(rows, queries, best)}
        runs |= {f"Sounder {form}": run for form, run in our_dense(rows, queries, best).items()}
        for name, run in runs.items():
            places[name] = cheapest(run[1:])
            speeds.setdefault(name, []).append(places[name][2])
            exact.setdefault(name, []).append(run[0][2])
    print(f"\n| {len(rows):,} vectors of {rows.shape[1]}, 1 thread, queries/s | | x faiss |"
          "\n|---|---|---|")
    for name, figures in speeds.items():
        probes, share, _ = places[name]
        print(row(f"{name}, {probes} lists: recall@10 {share:.3f}", figures, speeds["faiss"],
                  lambda a, b: a / b))
    for name, figures in exact.items():
        print(row(f"{name}, exhaustive", figures, exact["faiss"], lambda a, b: a / b))


def scifact(folder):
    path = next(path for path in (folder / "corpus.jsonl", folder / "corpus.jsonl.xz")
                if path.exists())
    def joined(line):
        entry = json.loads(line)
        return f"{entry.get('title', '')} {entry['text']}".replace("\n", " ").strip()
    with opened(path) as source:
        texts = [joined(line) for line in source]
    with opened(folder / "queries.jsonl") as source:
        queries = [joined(line) for line in source]
    return texts, queries


def row(name, figures, peer, better):
    middle = statistics.median(figures)
    ratios = [better(a, b) for a, b in zip(figures, peer)]
    return (f"| {name} | {middle:,.1f} ({min(figures):,.1f}-{max(figures):,.1f}) | "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |")


def maxsim(repeats):
    random = numpy.random.default_rng(1)
    found, peers = {}, []
    for turn in range(repeats):
        say(f"MaxSim, {turn + 1} of {repeats}")
        peers.append(peer_maxsim(random))
        for name, figure in ours("speed").items():
            found.setdefault(name, []).append(figure)
    print("\n| MaxSim, 1 thread | ms | x maxsim-cpu |\n|---|---|---|")
    print(row("maxsim-cpu", peers, peers, lambda a, b: b / a))
    for name, figures in found.items():
        print(row(name, figures, peers, lambda a, b: b / a))


def words(folder, repeats):
    texts, queries = scifact(pathlib.Path(folder))
    with tempfile.TemporaryDirectory() as place:
        files = [pathlib.Path(place) / name for name in ("documents", "queries")]
        for file, lines in zip(files, (texts, queries)):
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        figures = {"index": [], "queries": []}
        peer = {"index": [], "queries": []}
        for turn in range(repeats):
            say(f"BM25, {turn + 1} of {repeats}")
            built, answered = peer_words(texts, queries)
            peer["index"].append(built)
            peer["queries"].append(answered)
            for name, figure in ours("words", *files).items():
                figures[name].append(figure)
    print("\n| BM25 on SciFact, 1 thread | | x bm25s |\n|---|---|---|")
    for name, unit in (("index", "MB/s indexed"), ("queries", "queries/s, top 100")):
        print(row(f"bm25s, {unit}", peer[name], peer[name], lambda a, b: a / b))
        print(row(f"Sounder, {unit}", figures[name], peer[name], lambda a, b: a / b))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounder", default=str(ROOT / ".build/release/sounder"))
    parser.add_argument("--json", default=str(HERE / "results/latest-retrieval.json"),
                        help="results file of the indexes of token vectors")
    options = parser.parse_args()
    subprocess.run(["swift", "build", "-c", "release", "-Xswiftc", "-enable-testing", "--product",
                    "LateInteractionBench"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    repeats = int(setting("REPEATS", "3"))
    only = names("ONLY") or ["maxsim", "dense", "words", "tokens"]
    print(f"{machine()}, commit {commit()}")
    if "maxsim" in only:
        maxsim(repeats)
    vectors_file, folder = setting("BENCH_VECTORS", ""), setting("BENCH_SCIFACT", "")
    if "dense" in only and vectors_file:
        dense(vectors_file, repeats)
    elif "dense" in only:
        say("BENCH_VECTORS is not set: lists of vectors are not measured")
    if not folder:
        return say("BENCH_SCIFACT is not set: BM25 and token vectors are not measured")
    if "words" in only:
        words(folder, repeats)
    if "tokens" in only:
        results = retrieval_tokens.measure(options.sounder, repeats)
        results |= {"machine": machine(), "commit": commit()}
        pathlib.Path(options.json).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n",
                                              encoding="utf-8")
        print("\n" + retrieval_tokens.markdown(results))


if __name__ == "__main__":
    sys.exit(main())
