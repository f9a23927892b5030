"""Simulates the syncs of a training of word vectors, through the coordinator and among the workers.

    simulate.py <constants.json> <results.json> <figure.svg> [--gbit 10] [--cores 8] [--latency 0.005]
                [--speed 2.0e6]

The constants are those that SyncBench measured: what a core does a second, and what the plan of the training
sends in its mean round. A link is a server at each end that carries one piece after another; a transfer takes
both. Cores of a machine share its arithmetic. A sync begins when the first worker has trained
(all within 5 %) and ends when the last has applied the step; what is reported is the time from the last end of
training on, during which all are paused, and its share of the round.
"""

import argparse
import heapq
import json
import math
import pathlib
import random

MIB = 1 << 20
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 400, 70, 300, 20, 50


class Network:
    """Full-duplex links: `out` and `into` of each machine carry so many bytes a second."""

    def __init__(self, rate):
        self.rate, self.free, self.queue, self.serial = rate, {}, [], 0

    def send(self, source, target, size, at, done):
        """Calls `done(time)` when the last byte has arrived."""
        self.serial += 1
        heapq.heappush(self.queue, (at, self.serial, source, target, size, done))

    def run(self):
        while self.queue:
            at, _, source, target, left, done = heapq.heappop(self.queue)
            ends = [(source, "out"), (target, "in")]
            # In the order in which pieces were asked for: a receiver has a window of so many.
            piece = min(left, max(8 * MIB, left / 16))
            end = max(at, *(self.free.get(end, 0.0) for end in ends)) + piece / self.rate
            for one in ends:
                self.free[one] = end
            if left > piece:
                self.send(source, target, left - piece, end, done)
            else:
                done(end)


class Sync:
    def __init__(self, row, speeds, options):
        self.n, self.delta, self.step = row["workers"], row["deltaBytes"], row["stepBytes"]
        self.core, self.cores, self.latency = speeds, options.cores, options.latency
        self.network = Network(options.gbit * 1e9 / 8)
        draw = random.Random(1)
        self.training = row["wordsPerUnit"] / (options.speed * options.cores)
        self.trained = [self.training * (0.95 + 0.05 * draw.random()) for _ in range(self.n)]

    def work(self, kind, size):
        return size / (self.core[kind] * self.cores)

    def all(self, transfers):
        """Runs transfers (source, target, size, at); returns the time of the last arrival at each target."""
        last = {}
        for source, target, size, at in transfers:
            self.network.send(source, target, size, at, lambda time, to=target: last.__setitem__(
                to, max(last.get(to, 0.0), time)))
        self.network.run()
        return last

    def encoded(self):
        return [time + self.work("encode", self.delta) for time in self.trained]

    def hub(self):
        arrived = self.all((w, "hub", self.delta, t + self.latency) for w, t in enumerate(self.encoded()))["hub"]
        # The last change is checked after it came; the others while they came, if the processor keeps up.
        check = self.work("check", self.delta) + self.delta / self.core["checksum"]
        ready = max(arrived + check, min(self.encoded()) + self.n * check)
        merged = ready + self.work("mergeDelta", self.n * self.delta) + self.work("mergeStep", self.step)
        merged += self.step / self.core["checksum"]
        stepped = self.all(("hub", w, self.step, merged + self.latency) for w in range(self.n))
        return max(stepped.values()) + self.work("apply", self.step)

    def peer(self, held):
        """`held`: bytes of the state that the coordinator keeps, for a byte of the step."""
        begin = max(self.encoded()) + 2 * self.latency
        piece = self.delta / self.n
        # Each asks the others in another order.
        arrived = self.all(
            ((w + d) % self.n, w, piece, begin) for d in range(1, self.n) for w in range(self.n))
        own = self.step / self.n
        merged = [arrived.get(w, begin) + self.work("check", self.delta) + self.work("mergeDelta", self.delta)
                  + self.work("mergeStep", own) for w in range(self.n)]
        kept = self.all((w, "hub", held * own, t + self.latency) for w, t in enumerate(merged))["hub"]
        kept += self.work("check", held * self.step) / self.n + held * own / self.core["checksum"]
        # The coordinator brings its own parameters up to date before it plans the next round.
        kept += self.work("apply", self.step)
        stepped = self.all(
            ((w + d) % self.n, w, own, kept + 2 * self.latency)
            for d in range(1, self.n) for w in range(self.n))
        return max([kept, *stepped.values()]) + self.work("apply", self.step)

    def pause(self, end):
        return end - max(self.trained)


def simulate(constants, options):
    forms = {
        "hub": lambda sync: sync.hub(),
        "peer": lambda sync: sync.peer(held=3),
        "peer, velocity not sent": lambda sync: sync.peer(held=1),
    }
    rows = []
    for row in constants["traffic"]:
        for form, run in forms.items():
            sync = Sync(row, constants["speeds"], options)
            pause = sync.pause(run(sync))
            rows.append({
                "workers": row["workers"], "form": form, "rounds": row["rounds"],
                "wordsPerUnit": row["wordsPerUnit"], "deltaBytes": row["deltaBytes"],
                "stepBytes": row["stepBytes"], "trainingSeconds": sync.training, "syncSeconds": pause,
                "pausedShare": pause / (pause + sync.training),
                "hours": row["rounds"] * (pause + sync.training) / 3600})
    return rows


def same(constants, options):
    """The same change, of eight workers' size, whatever the number of workers: what a form costs by itself."""
    eight = next(row for row in constants["traffic"] if row["workers"] == 8)
    copies = [{**eight, "workers": row["workers"]} for row in constants["traffic"]]
    return simulate({**constants, "traffic": copies}, options)


def draw(series, path):
    colours = {"hub": "#c2410c", "peer": "#0b62a4", "peer, velocity not sent": "#2f7d32"}
    values = [row["syncSeconds"] for rows, _ in series for row in rows]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    workers = sorted({row["workers"] for rows, _ in series for row in rows})
    x = lambda n: LEFT + math.log(n / workers[0]) / math.log(workers[-1] / workers[0]) * (WIDTH - LEFT - RIGHT)
    y = lambda s: HEIGHT - BOTTOM - (math.log10(s) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
    parts = []
    text = lambda x, y, what, anchor: parts.append(
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333333">{what}</text>')
    line = lambda x1, y1, x2, y2, colour, dash="", width=1: parts.append(
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}" stroke-dasharray="{dash}"/>')
    for power in range(low, high + 1):
        line(LEFT, y(10**power), WIDTH - RIGHT, y(10**power), "#dddddd")
        text(LEFT - 8, y(10**power) + 4, f"{10**power:g} s", "end")
    for n in workers:
        text(x(n), HEIGHT - BOTTOM + 18, n, "middle")
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "workers", "middle")
    place = TOP + 14
    for rows, label in series:
        dash = "" if label == "as planned" else "6 4"
        for form, colour in colours.items():
            points = [(row["workers"], row["syncSeconds"]) for row in rows if row["form"] == form]
            for (n1, s1), (n2, s2) in zip(points, points[1:]):
                line(x(n1), y(s1), x(n2), y(s2), colour, dash, 2)
            line(WIDTH - RIGHT + 15, place - 4, WIDTH - RIGHT + 45, place - 4, colour, dash, 2)
            text(WIDTH - RIGHT + 52, place, f"{form}, {label}", "start")
            place += 20
    body = "\n".join(parts)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("constants", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("figure", type=pathlib.Path)
    parser.add_argument("--gbit", type=float, default=10)
    parser.add_argument("--cores", type=int, default=8, help="of every machine, the coordinator's too")
    parser.add_argument("--latency", type=float, default=0.005, help="seconds of a message and its handling")
    parser.add_argument("--speed", type=float, default=2e6, help="words a second that a core trains")
    options = parser.parse_args()
    constants = json.loads(options.constants.read_text())
    planned, alike = simulate(constants, options), same(constants, options)
    options.results.write_text(json.dumps({"planned": planned, "same change": alike}, indent=1) + "\n")
    for title, rows in [("as planned", planned), ("the change of eight workers", alike)]:
        print(title)
        for row in rows:
            print(f'{row["workers"]:4} {row["form"]:24} sync {row["syncSeconds"]:8.2f} s, '
                  f'training {row["trainingSeconds"]:8.2f} s, paused {100 * row["pausedShare"]:5.1f} %, '
                  f'job {row["hours"]:8.2f} h')
    draw([(planned, "as planned"), (alike, "same change")], options.figure)


if __name__ == "__main__":
    main()
