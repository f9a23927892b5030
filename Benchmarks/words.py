#!/usr/bin/env python3
"""Measures training beside its peers: same text, same threads, in turn, reported as ratios.

Settings come from the environment, so that `make bench BENCH=words` needs no arguments:

    BENCH_CORPUS      text, one paragraph a line, plain or .xz, .zst, .gz (the bundled corpus)
    BENCH_ANALOGIES   questions-words.txt or a subset (Examples/analogies.txt)
    BENCH_SIMILARITY  word word score (Examples/similarity.txt)
    MODEL sgns        or cbow, or fasttext: skip-gram with n-grams of 3 to 6 characters, 2 M buckets
    EPOCHS 5  DIM 300  THREADS 2  REPEATS 3  ALPHA 0.05  SEED 1
    GENSIM_ALPHAS 0.025,0.05   the first is timed; each is judged once
    ONLY              names of variants to run, with commas (all)
    BENCH_BYTES       cut the text after so many bytes (no cut), for a quick look

Each variant runs in a process of its own. The same evaluator, `sounder eval words`, judges all.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import time

import processes
from surroundings import HERE, ROOT, WORK, commit, machine, names, opened, say, setting

SMALL_BYTES = 1_000_000


# The text


def plain_text(path, limit, name):
    """Copies the text, up to the end of the line at `limit` bytes, to where every peer reads it.

    Returns the path and the number of words, as `wc -w` counts them.
    """
    WORK.mkdir(exist_ok=True)
    target, words, size = WORK / name, 0, 0
    with opened(path) as source, open(target, "wb") as output:
        for line in source:
            output.write(line)
            words += len(line.split())
            size += len(line)
            if limit and size >= limit:
                break
    return target, words


# The variants


def sounder_run(options, text, vectors, workers, threads, extra=()):
    """Trains with us. Returns the report of `--json`, the wall time and each worker's memory."""
    command = [
        options.sounder, "train", options.model, "--input", text, "--output", vectors,
        "--format", "word2vec-binary",
        "--dim", options.dim, "--window", 5, "--negative", 5, "--sample", 1e-4, "--min-count", 5,
        "--epochs", options.epochs, "--alpha", options.alpha, "--seed", options.seed,
        "--workers", workers, "--threads", threads, "--json", *extra]
    command = [str(part) for part in command]
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watcher = processes.MemoryWatcher(child.pid, "sounder-worker")
    output, errors = child.communicate()
    memory = watcher.stop()
    wall = time.perf_counter() - started
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {child.returncode}:\n{errors[-3000:]}")
    report = json.loads(output)
    return {**report, "wall": wall, "workerBytes": memory,
            "matrixBytes": 2 * 4 * row_count(vectors) * options.dim}


def peer_run(options, name, text, vectors, alpha):
    """Trains with a peer. Returns its report and the wall time."""
    settings = {
        "model": options.model, "dim": options.dim, "window": 5, "negative": 5, "sample": 1e-4, "minCount": 5,
        "epochs": options.epochs, "threads": options.threads, "alpha": alpha,
        "seed": options.seed}
    command = [sys.executable, HERE / "peers.py", name, text, vectors, json.dumps(settings)]
    started = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return {**json.loads(done.stdout), "wall": time.perf_counter() - started}


def row_count(vectors):
    with open(vectors, "rb") as file:
        return int(file.readline().split()[0])


def variants(options, text):
    """Name, function of the path of the vectors, whether it is timed in every repeat."""
    threads = options.threads
    first, *others = options.gensim_alphas
    listed = [
        (f"sounder 1x{threads}", lambda out: sounder_run(options, text, out, 1, threads), True),
        (f"gensim {first}", lambda out: peer_run(options, "gensim", text, out, first), True),
        ("fasttext", lambda out: peer_run(options, "fasttext", text, out, 0.05), True),
    ]
    if threads > 1:
        listed.append((f"sounder {threads}x1",
                       lambda out: sounder_run(options, text, out, threads, 1), True))
    for alpha in others:
        listed.append((f"gensim {alpha}",
                       lambda out, alpha=alpha: peer_run(options, "gensim", text, out, alpha),
                       False))
    return [entry for entry in listed
            if not options.only or any(entry[0].startswith(name) for name in options.only)]


# Quality


def evaluate(options, vectors):
    """Analogies among the 30,000 most frequent words, and Spearman's rho of the pairs."""
    command = [options.sounder, "eval", "words", "--vectors", vectors, "--analogies",
               options.analogies, "--similarity", options.similarity, "--restrict-vocab", 30000,
               "--json"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"sounder eval words ended with {done.returncode}:\n{done.stderr[-3000:]}")
    report = json.loads(done.stdout)
    similarity = next(iter(report["similarity"].values()))
    analogies = report["analogies"]
    return {"analogies": 100 * analogies["correct"] / analogies["asked"],
            "asked": analogies["asked"], "spearman": similarity["spearman"]}


# The run


def measure(options, text, words):
    """All variants in turn, repeated, so that a slow minute of the machine meets all of them."""
    runs = {}
    listed = variants(options, text)
    for repeat in range(options.repeats):
        for name, run, every in listed:
            if repeat and not every:
                continue
            vectors = WORK / (name.replace(" ", "-") + ".bin")
            report = run(vectors)
            report["wordsPerSecondTraining"] = words * options.epochs / report["secondsTraining"]
            say(f"{repeat + 1}/{options.repeats} {name}: "
                f"{report['wordsPerSecondTraining'] / 1e3:,.0f} k words/s, "
                f"{report['wall']:.1f} s in all")
            if repeat == 0 and not options.no_eval:
                report.update(evaluate(options, vectors))
            runs.setdefault(name, []).append(report)
    return runs


def small_corpus(options, text):
    """Seconds from command to file for a corpus of 1 MB, with the settings of the benchmark."""
    small, _ = plain_text(text, SMALL_BYTES, "small.txt")
    reports = [sounder_run(options, small, WORK / "small.bin", options.threads, 1)
               for _ in range(max(3, options.repeats))]
    return [report["wall"] for report in reports]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounder", default=str(ROOT / ".build/release/sounder"))
    parser.add_argument("--no-eval", action="store_true", help="measure no quality")
    parser.add_argument("--json", default=str(HERE / "results/latest.json"), help="results file")
    options = parser.parse_args()
    examples = ROOT / "Examples"
    options.corpus = pathlib.Path(setting("BENCH_CORPUS", str(examples / "corpus.txt.zst")))
    options.analogies = setting("BENCH_ANALOGIES", str(examples / "analogies.txt"))
    options.similarity = setting("BENCH_SIMILARITY", str(examples / "similarity.txt"))
    options.model = setting("MODEL", "sgns")
    if options.model not in ("sgns", "cbow", "fasttext"):
        parser.error(f"MODEL={options.model} is none of sgns, cbow, fasttext")
    options.epochs = setting("EPOCHS", 5)
    options.dim = setting("DIM", 300)
    options.threads = setting("THREADS", 2)
    options.repeats = setting("REPEATS", 3)
    options.alpha = setting("ALPHA", 0.05)
    options.seed = setting("SEED", 1)
    options.gensim_alphas = [float(text) for text
                             in setting("GENSIM_ALPHAS", "0.025,0.05").split(",")]
    options.only = names("ONLY")
    options.bytes = setting("BENCH_BYTES", 0)
    return options


def main():
    import report

    options = arguments()
    text, words = plain_text(options.corpus, options.bytes, "corpus.txt")
    say(f"{options.corpus.name}: {words:,} words, {options.epochs} epochs, dim {options.dim}, "
        f"{options.threads} threads, {options.repeats} repeats")
    runs = measure(options, text, words)
    results = {
        "date": datetime.date.today().isoformat(), "machine": machine(), "commit": commit(),
        "model": options.model, "corpus": options.corpus.name, "corpusBytes": text.stat().st_size, "words": words,
        "epochs": options.epochs, "dim": options.dim, "threads": options.threads,
        "repeats": options.repeats, "alpha": options.alpha, "seed": options.seed, "runs": runs}
    if any(name.startswith("sounder") for name in runs):
        results["smallCorpusSeconds"] = small_corpus(options, text)
        results["smallCorpusMedian"] = statistics.median(results["smallCorpusSeconds"])
    pathlib.Path(options.json).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(report.markdown(results))


if __name__ == "__main__":
    main()
