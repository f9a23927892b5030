#!/usr/bin/env python3
"""Measures how long questions to a cluster take: beside its shards, with a worker that is frozen,
and while an encoding job runs on the same workers.

    BENCH_SCIFACT     folder of BEIR SciFact (corpus.jsonl or .xz, queries.jsonl, test.tsv)
    BENCH_MODEL       all-MiniLM-L6-v2 (the package in .venv)
    ONLY              fanout, frozen, load, with commas (all)
    QUESTIONS 600     of fanout and frozen, each time
    RATE 50  LOAD_SECONDS 60  CLIENTS 4   of load

SciFact's judged queries, an index of 8 segments with tokens of 128 numbers in 4 bits, workers of
one thread, `sounder search --json` as the client. With 2 cores it takes about 10 minutes, 5 of them
for the index, which stays in bench-data.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import threading
import time

import scifact
from clusters import Client, Cluster, quantile
from clusters import end as end_process
from report import table
from surroundings import HERE, ROOT, WORK, Neighbours, commit, machine, names, say, setting

SEGMENT_PASSAGES = 648
DEADLINE = 2_000


def searching(options, cluster, *more):
    return Client([options.sounder, "search", "--cluster", cluster.address, "--index",
                   options.index, "--json", *more])


def asked(client, options, count, first=0):
    """Answers to so many questions, one after the other."""
    texts = options.queries
    return [client.ask(texts[(first + n) % len(texts)][1]) for n in range(count)]


def outside(answer):
    """Milliseconds of a question beside those that the slowest worker reports."""
    slowest = sum(stage["slowestMilliseconds"] for stage in answer["stages"])
    return searched(answer) - slowest


def searched(answer):
    """Milliseconds without those in which the client makes the vectors of the question."""
    return answer["milliseconds"] - answer["encodingMilliseconds"]


def coordinated(answer):
    """Milliseconds on the coordinator beside those of the slowest worker."""
    return sum(stage["milliseconds"] - stage["slowestMilliseconds"] for stage in answer["stages"])


# Fan-out


def fanout(options):
    results = {}
    for workers in (2, 4):
        say(f"fan-out over {workers} workers")
        with Cluster(options.sounder, workers) as cluster, \
                searching(options, cluster) as client:
            asked(client, options, 100)
            others = Neighbours()
            answers = asked(client, options, options.questions)
            results[workers] = {
                "outside": [outside(answer) for answer in answers],
                "coordinator": [coordinated(answer) for answer in answers],
                "search": [searched(answer) for answer in answers]}
    return results


def fanout_table(results):
    rows = []
    for workers, figures in results.items():
        for name, label in (("search", "a question, without its encoding"),
                            ("outside", "of it beside the slowest shard"),
                            ("coordinator", "of this between coordinator and workers")):
            rows.append([f"{workers} workers", label]
                        + [f"{quantile(figures[name], share):.2f}" for share in (0.5, 0.99)])
    return table(["fan-out", "ms", "p50", "p99"], rows)


# A frozen worker


def frozen(options):
    results = {"workers": [], "refusals": []}
    for worker in range(4):
        say(f"worker {worker + 1} of 4 frozen")
        with Cluster(options.sounder, 4) as cluster:
            with searching(options, cluster) as client:
                asked(client, options, 100)
                healthy = asked(client, options, options.questions)
                cluster.freeze(worker)
                ill = asked(client, options, options.questions)
                cluster.thaw()
            results["workers"].append({"healthy": [searched(answer) for answer in healthy],
                                       "frozen": [searched(answer) for answer in ill]})
            time.sleep(2)
            results["refusals"].append(refusal(options, cluster, worker))
    return results


def refusal(options, cluster, worker):
    """What a client without replicas is told, and when; None if the worker has no shard."""
    with searching(options, cluster, "--replicas", 1, "--deadline", DEADLINE) as client:
        asked(client, options, 20)
        cluster.freeze(worker)
        began = time.perf_counter()
        client.say(options.queries[0][1])
        try:
            client.hear(30)
            return None
        except EOFError:
            code, text = client.ending(10)
            return {"seconds": time.perf_counter() - began, "code": code, "text": text}
        finally:
            cluster.thaw()


def frozen_table(results):
    rows = []
    for number, figures in enumerate(results["workers"]):
        healthy, ill = (quantile(figures[name], 0.99) for name in ("healthy", "frozen"))
        rows.append([f"worker {number + 1}", f"{quantile(figures['healthy'], 0.5):.1f}",
                     f"{healthy:.1f}", f"{quantile(figures['frozen'], 0.5):.1f}", f"{ill:.1f}",
                     f"{ill / healthy:.2f}", f"{max(figures['frozen']):.0f}"])
    parts = [table(["frozen, 2 replicas", "healthy p50, ms", "p99", "frozen p50", "p99",
                    "× healthy p99", "slowest"], rows)]
    for number, told in enumerate(results["refusals"]):
        parts.append(f"Worker {number + 1}, one replica: " + (
            "it held no shard." if told is None else
            f"exit code {told['code']} after {told['seconds']:.2f} s of {DEADLINE} ms: "
            f"`{told['text']}`"))
    return "\n\n".join(parts)


# Questions during a job


def open_loop(options, cluster):
    """Milliseconds from the moment a question was due to its answer; questions do not wait."""
    clients = [searching(options, cluster) for _ in range(options.clients)]
    due, heard = {}, {}
    try:
        for client in clients:
            asked(client, options, 20)
        count = options.rate * options.load_seconds

        def listen(number):
            for place in range(number, count, options.clients):
                heard[place] = clients[number].hear(120)[0]

        threads = [threading.Thread(target=listen, args=(n,)) for n in range(options.clients)]
        for thread in threads:
            thread.start()
        began = time.perf_counter() + 0.1
        for place in range(count):
            due[place] = began + place / options.rate
            time.sleep(max(0, due[place] - time.perf_counter()))
            clients[place % options.clients].say(options.queries[place % len(options.queries)][1])
        for thread in threads:
            thread.join(150)
    finally:
        for client in clients:
            client.close()
    if len(heard) < count:
        sys.exit(f"{count - len(heard)} of {count} questions were not answered")
    return [(heard[place] - due[place]) * 1e3 for place in range(count)]


def busy_seconds(pids):
    """Processor seconds of processes so far."""
    ticks = 0
    for pid in pids:
        after = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        ticks += sum(int(field) for field in after.split()[11:13])
    return ticks / 100


def load(options):
    """The cluster idle, then while it encodes."""
    source = scifact.documents(copies=4)
    with Cluster(options.sounder, 2) as cluster:
        say(f"{options.rate} questions a second, for {options.load_seconds} s, idle")
        results = {"idle": open_loop(options, cluster)}
        before = busy_seconds(cluster.workers)
        job = subprocess.Popen(
            [options.sounder, "encode", "--cluster", cluster.address, "--model",
             str(scifact.model()), "--input", str(source), "--output", str(cluster.place / "out"),
             "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 120
            while busy_seconds(cluster.workers) < before + 5:
                if job.poll() is not None or time.monotonic() > until:
                    sys.exit("the encoding job does not run")
                time.sleep(0.2)
            say("the same while a job encodes")
            before, began = busy_seconds(cluster.workers), time.perf_counter()
            results["busy"] = open_loop(options, cluster)
            results["cores"] = ((busy_seconds(cluster.workers) - before)
                                / (time.perf_counter() - began))
            results["lasted"] = job.poll() is None
        finally:
            job.terminate()
            end_process(job, 10)
    return results


def load_table(results):
    rows = [[name] + [f"{quantile(results[name], share):.1f}" for share in (0.5, 0.9, 0.99)]
            + [f"{max(results[name]):.0f}"] for name in ("idle", "busy")]
    rows.append(["ratio"] + [f"{quantile(results['busy'], q) / quantile(results['idle'], q):.2f}"
                             for q in (0.5, 0.9, 0.99)] + [""])
    text = table(["open loop, ms from when it was due", "p50", "p90", "p99", "slowest"], rows)
    text += f"\n\nThe workers used {results['cores']:.2f} cores meanwhile."
    if not results["lasted"]:
        text += " The job ended before the questions did: the figures are of a part."
    return text


PARTS = {"fanout": (fanout, fanout_table), "frozen": (frozen, frozen_table),
         "load": (load, load_table)}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounder", default=str(ROOT / ".build/release/sounder"))
    parser.add_argument("--json", default=str(HERE / "results/latest-latency.json"))
    options = parser.parse_args()
    for name, default in (("questions", 600), ("rate", 50), ("load_seconds", 60), ("clients", 4)):
        setattr(options, name, setting(name.upper(), default))
    options.only = names("ONLY") or list(PARTS)
    options.queries = scifact.queries()
    options.index = scifact.index(options.sounder, SEGMENT_PASSAGES)
    return options


def main():
    options = arguments()
    results = {"date": datetime.date.today().isoformat(), "machine": machine(),
               "commit": commit()}
    print(f"{results['date']}, commit {results['commit']}, {results['machine']}.")
    for name in options.only:
        measure, show = PARTS[name]
        others = Neighbours()
        results[name] = measure(options)
        results[name + "Others"] = others.share()
        print(f"\n{show(results[name])}\n\nOthers used {100 * results[name + 'Others']:.0f} % of "
              "the machine.", flush=True)
    path = pathlib.Path(options.json)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
