"""Measures rounds of training with one worker of several slowed down, against healthy ones.

    elastic.py <directory of the programs> <corpus> [--workers 4] [--partitions 4,16] [--duty 1,0.25]
               [--words 1600000] [--repeats 3] [--train "--dim 200 --epochs 12"]

A worker of duty 0.25 is stopped (SIGSTOP) for three quarters of every tenth of a second. All partitions together
train --words words in the mean round. A line of JSON for each run; times are of all rounds together, reductions too.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

PERIOD = 0.1


class Cluster:
    def __init__(self, programs, folder, workers):
        self.programs, self.folder, self.address = programs, folder, f"ipc://{folder}/control"
        self.coordinator = self.spawn(
            "sounder-coordinator", "--listen", self.address, "--state", f"{folder}/state")
        self.workers = [
            self.spawn("sounder-worker", "--coordinator", self.address, "--threads", "1", "--cache", folder)
            for _ in range(workers)]
        self.done = threading.Event()
        time.sleep(2)

    def spawn(self, name, *flags):
        return subprocess.Popen([str(self.programs / name), *flags], stderr=subprocess.DEVNULL)

    def brake(self, worker, duty):
        while not self.done.is_set():
            worker.send_signal(signal.SIGSTOP)
            time.sleep(PERIOD * (1 - duty))
            worker.send_signal(signal.SIGCONT)
            time.sleep(PERIOD * duty)

    def train(self, corpus, flags):
        return subprocess.run(
            [str(self.programs / "sounder"), "train", "sgns", "--input", corpus, "--output",
             f"{self.folder}/v.bin", "--cluster", self.address, "--json", "--quiet", *flags],
            capture_output=True, text=True)

    def stop(self):
        for program in [*self.workers, self.coordinator]:
            program.terminate()
            program.wait()


def measure(options, partitions, duty):
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(options.programs, folder, options.workers)
        brake = threading.Thread(target=cluster.brake, args=(cluster.workers[0], duty))
        if duty < 1:
            brake.start()
        run = cluster.train(options.corpus, [
            "--partitions", str(partitions), "--words-per-round", str(options.words // partitions),
            *options.train.split()])
        cluster.done.set()
        if duty < 1:
            brake.join()
        cluster.stop()
    if run.returncode:
        sys.exit(run.stderr)
    result = json.loads(run.stdout)
    points = result["history"]["points"]
    rounds, seconds = sum(p["rounds"] for p in points), sum(p["seconds"] for p in points)
    return {
        "workers": options.workers, "partitions": partitions, "duty": duty, "rounds": rounds,
        "seconds": seconds, "secondsPerRound": seconds / rounds, "words": sum(p["words"] for p in points)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("corpus")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--partitions", default="4,16")
    parser.add_argument("--duty", default="1,0.25")
    parser.add_argument("--words", type=int, default=1_600_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--train", default="--dim 200 --epochs 12")
    options = parser.parse_args()
    for _ in range(options.repeats):
        for partitions in map(int, options.partitions.split(",")):
            for duty in map(float, options.duty.split(",")):
                print(json.dumps(measure(options, partitions, duty)), flush=True)


if __name__ == "__main__":
    main()
