"""Clusters of real programs for the benchmarks of search, and clients that ask them.

Every wait has a deadline; what was started is ended by its id.
"""

import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from processes import children_of


class Lines:
    """The lines of a stream with the time at which they came."""

    def __init__(self, stream, what):
        self.what, self.waiting = what, queue.Queue()
        threading.Thread(target=self.read, args=(stream,), daemon=True).start()

    def read(self, stream):
        for line in stream:
            self.waiting.put((time.perf_counter(), line))
        self.waiting.put((time.perf_counter(), None))

    def next(self, seconds):
        try:
            at, line = self.waiting.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError(f"{self.what} said nothing for {seconds} s") from None
        if line is None:
            raise EOFError(f"{self.what} has ended")
        return at, line


def end(child, seconds=20):
    """Ends a process that was asked to end, and at last without asking."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        for pid in children_of(child.pid):
            os.kill(pid, signal.SIGKILL)
        child.kill()
        child.wait(10)


class Cluster:
    """`sounder up` on a Unix socket, in a directory of its own."""

    def __init__(self, sounder, workers, threads=1):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="sounder-bench-"))
        self.errors = open(self.place / "errors", "w+", encoding="utf-8")
        self.child = subprocess.Popen(
            [sounder, "up", "--workers", str(workers), "--threads", str(threads), "--json",
             "--state", str(self.place / "state")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        try:
            report = json.loads(Lines(self.child.stdout, "sounder up").next(60)[1])
        except (EOFError, TimeoutError, ValueError) as error:
            said = (self.place / "errors").read_text(encoding="utf-8")
            self.stop()
            sys.exit(f"no cluster came up ({error}):\n{said[-2000:]}")
        self.address = report["address"]
        named = {}
        for pid in children_of(self.child.pid):
            named.setdefault(name_of(pid), []).append(pid)
        self.workers = sorted(named.get("sounder-worker", []))
        self.coordinator = named["sounder-coordinator"[:15]][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def freeze(self, worker):
        os.kill(self.workers[worker], signal.SIGSTOP)

    def thaw(self):
        for pid in getattr(self, "workers", []):
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass

    def stop(self):
        self.thaw()
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            # A second one does not wait for what runs.
            time.sleep(0.2)
            self.child.send_signal(signal.SIGINT)
        end(self.child)
        self.errors.close()
        shutil.rmtree(self.place, ignore_errors=True)


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


class Client:
    """A program that answers each line of its standard input with a line of JSON."""

    def __init__(self, command):
        self.errors = tempfile.TemporaryFile("w+")
        self.child = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, bufsize=1)
        self.lines = Lines(self.child.stdout, str(command[0]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def say(self, text):
        self.child.stdin.write(text + "\n")
        self.child.stdin.flush()

    def hear(self, seconds=120):
        """The time at which the next answer came, and the answer."""
        at, line = self.lines.next(seconds)
        return at, json.loads(line)

    def ask(self, text, seconds=120):
        self.say(text)
        return self.hear(seconds)[1]

    def ending(self, seconds):
        """The exit code and what was said on standard error, of a program that ends by itself."""
        code = self.child.wait(seconds)
        self.errors.seek(0)
        return code, self.errors.read().strip()

    def close(self):
        try:
            self.child.stdin.close()
        except OSError:
            pass
        end(self.child)
        self.errors.close()


def quantile(values, share):
    """Of any numbers, in any order."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
