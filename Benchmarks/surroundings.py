"""What every benchmark needs to know of where it runs: settings, files, machine and commit."""

import gzip
import io
import lzma
import os
import pathlib
import platform
import resource
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "bench-data"


def setting(name, default):
    return type(default)(os.environ.get(name) or default)


def names(name):
    """A setting that lists names with commas between them."""
    return [part for part in setting(name, "").split(",") if part]


def say(text):
    print(text, file=sys.stderr, flush=True)


def opened(path):
    """A compressed or plain file as a stream of its bytes."""
    if path.suffix == ".xz":
        return lzma.open(path)
    if path.suffix == ".gz":
        return gzip.open(path)
    if path.suffix == ".zst":
        import zstandard

        return io.BufferedReader(zstandard.open(path, "rb"))
    return open(path, "rb")


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} " \
           f"{platform.release()}"


def commit():
    def git(*arguments):
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    head = git("rev-parse", "--short", "HEAD")
    return (head or "unknown") + (" with changes" if git("status", "--porcelain") else "")


class Neighbours:
    """The share of the machine that others used since this was made, from /proc/stat.

    Processes that this one started count as its own once they have ended and were waited for.
    """

    def __init__(self):
        self.started = self.now()

    @staticmethod
    def now():
        with open("/proc/stat", encoding="utf-8") as file:
            ticks = [int(field) for field in file.readline().split()[1:9]]
        idle = ticks[3] + ticks[4]
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return ((sum(ticks) - idle) / os.sysconf("SC_CLK_TCK"),
                sum(usage.ru_utime + usage.ru_stime for usage in own), time.perf_counter())

    def share(self):
        busy, own, wall = (after - before for before, after in zip(self.started, self.now()))
        return max(0.0, busy - own) / (wall * os.cpu_count())
