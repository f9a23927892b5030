"""Works through a list of variants, one line of flags each, and appends a line of JSON a run.

The list is read again after every run, so lines may be added, moved and dropped meanwhile; those that
the results already hold are passed over. It ends when a line says "end".
"""

import json
import pathlib
import subprocess
import sys
import time

USAGE = "usage: queue.py <AveragingLab> <corpus> <questions> <scratch> <list> <results.jsonl>"


def done(results):
    if not results.exists():
        return set()
    return {json.loads(line)["flags"] for line in results.read_text().splitlines()}


def waiting(queue, results):
    finished = done(results)
    for line in queue.read_text().splitlines():
        flags = " ".join(line.split("#")[0].split())
        if flags and flags not in finished:
            return flags
    return None


def main(program, corpus, questions, scratch, queue, results):
    queue, results = pathlib.Path(queue), pathlib.Path(results)
    failed = set()
    while (flags := waiting(queue, results)) != "end":
        if flags is None or flags in failed:
            time.sleep(5)
            continue
        run = subprocess.run(
            [program, corpus, questions, scratch, *flags.split()], capture_output=True, text=True)
        if run.returncode != 0:
            print(flags, run.stdout, run.stderr, flush=True)
            failed.add(flags)
            continue
        outcome = {"flags": flags, **json.loads(run.stdout)}
        with results.open("a") as file:
            file.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(USAGE)
    main(*sys.argv[1:])
