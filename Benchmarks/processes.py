"""Peak memory of processes, read from /proc while they live."""

import pathlib
import threading


def children_of(root):
    """Ids of all live descendants of process `root`."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The second field is the command in parentheses and may hold spaces.
                after = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(after[1])
            except (OSError, IndexError, ValueError):
                continue
    found, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found - {root}


class MemoryWatcher:
    """Samples VmHWM, the largest resident size so far, of every descendant named `name`."""

    def __init__(self, root, name, interval=0.05):
        self.root, self.name, self.interval = root, name, interval
        self.peaks, self.stopped = {}, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stopped.wait(self.interval):
            for pid in children_of(self.root):
                self.sample(pid)

    def sample(self, pid):
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        # The kernel cuts names to 15 bytes.
        if fields.get("Name", "").strip() == self.name[:15] and "VmHWM" in fields:
            self.peaks[pid] = int(fields["VmHWM"].split()[0]) * 1024

    def stop(self):
        """The peak of each process in bytes, in the order in which they started."""
        self.stopped.set()
        self.thread.join()
        return [self.peaks[pid] for pid in sorted(self.peaks)]


class PeakWatcher:
    """Samples the memory of one process: its largest resident size, and what of it is no file."""

    def __init__(self, pid, interval=0.05):
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.interval, self.stopped = interval, threading.Event()
        self.peaks = {"resident": 0, "anonymous": 0}
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stopped.wait(self.interval):
            for name, field in (("resident", "VmHWM"), ("anonymous", "RssAnon")):
                self.peaks[name] = max(self.peaks[name], status_bytes(self.status, field))

    def stop(self):
        self.stopped.set()
        self.thread.join()
        return self.peaks


def status_bytes(status, field):
    """A size that /proc/PID/status tells; 0 of a process that has ended."""
    try:
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
