#!/usr/bin/env python3
"""Builds an index of 800,000 synthetic passages (100 M tokens of 128 numbers, 4 bits) and asks it.

    PASSAGES 800000   SEGMENTS 16   WORKERS 2   SEED 1
    WARM 300          questions whose pages are in memory, after as many that bring them there
    COLD 30           questions whose pages are not: the workers are started anew for each
    BENCH_PLACE       where the index goes (bench-data); it is removed afterwards, unless KEEP=1
                      is set, and used again where it is there

Tokens are clusters with noise (Benchmarks/lateinteraction/SyntheticTokens.swift); the writers of
segments are the real ones, and so are coordinator and workers, which map the files. It takes 10 GB
of disk, 8 of them at the end, and as much memory for the page cache if warm is to mean warm. Bytes
touched are those of pages that the workers' processors marked while one question was answered
(/proc/PID/clear_refs and smaps).
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from clusters import Client, Cluster, quantile
from processes import PeakWatcher, status_bytes
from surroundings import HERE, ROOT, WORK, Neighbours, commit, machine, say, setting
from report import table

BENCH = ROOT / ".build/release/LateInteractionBench"
BUILD_SECONDS = 3600


def build(options):
    """Returns the figures of the build: what was printed, seconds, peaks of memory."""
    options.index.mkdir(parents=True)
    others, began = Neighbours(), time.perf_counter()
    child = subprocess.Popen(
        [BENCH, "collection", options.index, str(options.passages), str(options.segments), "2",
         str(options.seed)], stdout=subprocess.PIPE, text=True)
    watcher = PeakWatcher(child.pid)
    try:
        output, _ = child.communicate(timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        sys.exit(f"the index was not built within {BUILD_SECONDS} s")
    finally:
        peaks = watcher.stop()
    if child.returncode != 0:
        sys.exit(f"building ended with {child.returncode}")
    figures = dict(line.split(": ", 1) for line in output.splitlines())
    return {"seconds": time.perf_counter() - began, "centroids": figures["centroids"],
            "written": figures["written"], "peaks": peaks, "others": others.share()}


def drop(folder):
    """Lets the system forget the pages of the index, but for those that a process has mapped."""
    for path in folder.iterdir():
        with open(path, "rb") as file:
            os.fdatasync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if os.geteuid() == 0:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("1\n", encoding="ascii")


def read_bytes(pids):
    """What these processes have had read from the disk."""
    total = 0
    for pid in pids:
        lines = pathlib.Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
        total += int(dict(line.split(": ") for line in lines)["read_bytes"])
    return total


def forget_touched(pids):
    for pid in pids:
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("1\n", encoding="ascii")


def touched(pids):
    """Bytes of pages that were used since, of the index and of all memory."""
    index = everything = 0
    for pid in pids:
        mapped = False
        for line in pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
            if "-" in line.split(" ", 1)[0] and ":" not in line.split(" ", 1)[0]:
                mapped = line.endswith(".seg")
            elif line.startswith("Referenced:"):
                count = int(line.split()[1]) * 1024
                everything += count
                index += count if mapped else 0
    return index, everything


def client(options, cluster):
    return Client([BENCH, "ask", options.index, cluster.address, options.seed])


def warm(options):
    with Cluster(options.sounder, options.workers) as cluster, client(options, cluster) as asking:
        for number in range(options.warm):
            asking.ask(str(number))
        # The questions are others, whose pages others brought there.
        answers = [asking.ask(str(options.warm + number)) for number in range(options.warm)]
        marks = []
        for number in range(10):
            forget_touched(cluster.workers)
            asking.ask(str(2 * options.warm + number))
            marks.append(touched(cluster.workers))
        return {"answers": answers, "touchedIndex": [mark[0] for mark in marks],
                "touched": [mark[1] for mark in marks], "peaks": memory(cluster)}


def cold(options):
    answers, read = [], []
    for number in range(options.cold):
        say(f"cold, {number + 1} of {options.cold}")
        with Cluster(options.sounder, options.workers) as cluster, \
                client(options, cluster) as asking:
            # Segments are opened, which is not part of a question's time.
            asking.ask(f"open {number}")
            drop(options.index)
            before = read_bytes(cluster.workers)
            answers.append(asking.ask(str(1_000_000 + number)))
            read.append(read_bytes(cluster.workers) - before)
    return {"answers": answers, "read": read}


def memory(cluster):
    """Largest resident size, and what of it is no file, of each process now."""
    named = [("coordinator", cluster.coordinator)]
    named += [(f"worker {n + 1}", pid) for n, pid in enumerate(cluster.workers)]
    return {name: [status_bytes(pathlib.Path(f"/proc/{pid}/status"), field)
                   for field in ("VmHWM", "RssAnon")] for name, pid in named}


def bandwidth():
    done = subprocess.run([BENCH, "bandwidth", "2"], capture_output=True, text=True, check=True,
                          timeout=300)
    return float(done.stdout.split()[1])


def latencies(name, answers):
    times = [answer["milliseconds"] for answer in answers]
    workers = [answer["slowestMilliseconds"] for answer in answers]
    return [name, str(len(times))] + [f"{quantile(times, q):,.1f}" for q in (0.5, 0.9, 0.99)] + [
        f"{quantile(workers, 0.5):,.1f}"]


def markdown(results):
    built, hot, chilled = results["build"], results["warm"], results["cold"]
    middle = quantile([answer["milliseconds"] for answer in hot["answers"]], 0.5) / 1e3
    share = statistics.median(hot["touched"]) / middle / results["bandwidth"]
    found = [answer["rank"] for answer in hot["answers"]]
    parts = [f"{results['date']}, commit {results['commit']}, {results['machine']}; others used "
             f"{100 * results['others']:.0f} % of the machine.",
             f"{results['passages']:,} passages, {results['bytes']:,} bytes, "
             f"{results['segments']} segments, {results['workers']} workers of 1 thread."]
    if built:
        parts.append(table(["build", ""], [
            ["seconds, from nothing to the manifest", f"{built['seconds']:,.0f}"],
            ["centroids", built["centroids"]], ["segments", built["written"]],
            ["largest resident size, MB", f"{built['peaks']['resident'] / 1e6:,.0f}"],
            ["of it no pages of files, MB", f"{built['peaks']['anonymous'] / 1e6:,.0f}"]]))
    parts.append(table(["questions", "", "p50, ms", "p90", "p99", "slowest worker, p50"], [
        latencies("warm", hot["answers"]), latencies("cold", chilled["answers"])]))
    parts.append(table(["of a question", ""], [
        ["pages of the index touched, MB",
         f"{statistics.median(hot['touchedIndex']) / 1e6:,.1f}"],
        ["all pages touched, MB", f"{statistics.median(hot['touched']) / 1e6:,.1f}"],
        ["read from the disk when cold, MB", f"{statistics.median(chilled['read']) / 1e6:,.1f}"],
        ["bandwidth of memory, 2 threads, GB/s", f"{results['bandwidth'] / 1e9:.1f}"],
        ["share of it reached, warm, %", f"{100 * share:.1f}"],
        ["the passage it was made of is among the ten best, %",
         f"{100 * sum(rank is not None for rank in found) / len(found):.1f}"]]))
    parts.append(table(["process, serving", "largest resident, MB", "no files, MB"], [
        [name, f"{size[0] / 1e6:,.0f}", f"{size[1] / 1e6:,.0f}"]
        for name, size in hot["peaks"].items()]))
    return "\n\n".join(parts)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounder", default=str(ROOT / ".build/release/sounder"))
    parser.add_argument("--json", default=str(HERE / "results/latest-large.json"))
    options = parser.parse_args()
    for name, default in (("passages", 800_000), ("segments", 16), ("workers", 2), ("seed", 1),
                          ("warm", 300), ("cold", 30)):
        setattr(options, name, setting(name.upper(), default))
    place = pathlib.Path(setting("BENCH_PLACE", str(WORK))).resolve()
    options.index = place / f"synthetic-{options.passages}-{options.segments}-{options.seed}"
    return options


def main():
    options = arguments()
    subprocess.run(["swift", "build", "-c", "release", "-Xswiftc", "-enable-testing", "--product",
                    "LateInteractionBench"], cwd=ROOT, check=True, stdout=sys.stderr)
    others = Neighbours()
    if options.index.exists() and not (options.index / "manifest.json").exists():
        shutil.rmtree(options.index)
    try:
        built = None if options.index.exists() else build(options)
        results = {
            "date": datetime.date.today().isoformat(), "machine": machine(), "commit": commit(),
            "passages": options.passages, "segments": options.segments,
            "workers": options.workers, "seed": options.seed, "build": built,
            "bytes": sum(path.stat().st_size for path in options.index.iterdir()),
            "bandwidth": bandwidth(), "warm": warm(options), "cold": cold(options)}
        results["others"] = others.share()
    finally:
        if not setting("KEEP", 0):
            shutil.rmtree(options.index, ignore_errors=True)
    pathlib.Path(options.json).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(markdown(results))


if __name__ == "__main__":
    main()
