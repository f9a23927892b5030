"""Draws the figures of docs/averaging.md as SVG from lines of results.

    plot.py workers <results.jsonl> <figure.svg> <series>...    quality against the number of workers
    plot.py bytes <results.jsonl> <figure.svg> <series>...      quality against bytes sent a word

A series is "LABEL: FLAG, FLAG, ..." and has the runs whose flags contain all of these; "!FLAG" excludes those
that contain it. Quality is a share of that of the run with one worker of the same dimension and epochs; runs
that differ in nothing but their seed are averaged, and a bar shows their extremes.
"""

import json
import math
import pathlib
import re
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 400, 60, 270, 20, 50
COLOURS = ["#0b62a4", "#c2410c", "#2f7d32", "#7b3fa0", "#8a6d00", "#555555"]
MEASURES = [("analogies", ""), ("wordSim353", "6 4")]


def scale(run):
    variant = run["variant"]
    return variant["dim"], variant["epochs"], variant.get("questionStep", 1)


def mean(values):
    return sum(values) / len(values)


def belongs(run, series):
    wanted = [flag.strip() for flag in series.split(":", 1)[1].split(",")]
    return all(
        flag[1:] not in run["flags"] if flag.startswith("!") else flag in run["flags"]
        for flag in wanted)


def points(runs, series, measure, axis):
    """(x, mean, least, greatest) of the shares of one worker's quality, by x."""
    alone = {}
    for run in runs:
        if run["variant"]["workers"] == 1:
            alone.setdefault(scale(run), []).append(run["quality"][measure])
    groups = {}
    for run in runs:
        if not belongs(run, series) or scale(run) not in alone:
            continue
        key = re.sub(r" ?--seed \d+", "", run["flags"])
        share = 100 * run["quality"][measure] / mean(alone[scale(run)])
        groups.setdefault(key, []).append((axis(run), share))
    rows = [(mean([x for x, _ in g]), [s for _, s in g]) for g in groups.values()]
    return sorted((x, mean(s), min(s), max(s)) for x, s in rows)


class Chart:
    def __init__(self, ticks, label, low, high):
        self.ticks, self.low, self.high = ticks, low, high
        self.begin, self.end = math.log(ticks[0]), math.log(ticks[-1])
        self.parts = []
        for value in range(low, high + 1, 5 if high - low <= 50 else 10):
            y = self.y(value)
            self.line(LEFT, y, WIDTH - RIGHT, y, "#dddddd")
            self.text(LEFT - 8, y + 4, f"{value} %", "end")
        self.line(LEFT, self.y(97), WIDTH - RIGHT, self.y(97), "#999999", "2 3")
        for tick in ticks:
            self.text(self.x(tick), HEIGHT - BOTTOM + 18, f"{tick:,}", "middle")
            self.line(self.x(tick), HEIGHT - BOTTOM, self.x(tick), HEIGHT - BOTTOM + 4, "#333333")
        self.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#333333")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, label, "middle")

    def x(self, value):
        share = (math.log(value) - self.begin) / (self.end - self.begin)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def line(self, x1, y1, x2, y2, colour, dash="", width=1):
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}" stroke-dasharray="{dash}"/>')

    def text(self, x, y, text, anchor="start"):
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333333">{text}</text>')

    def series(self, name, number, measure, dash, points):
        colour = COLOURS[number % len(COLOURS)]
        for (x1, y1, *_), (x2, y2, *_) in zip(points, points[1:]):
            self.line(self.x(x1), self.y(y1), self.x(x2), self.y(y2), colour, dash, 2)
        for x, y, least, greatest in points:
            self.line(self.x(x), self.y(least), self.x(x), self.y(greatest), colour)
            self.parts.append(
                f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3.5" fill="{colour}"/>')
        name = name.split(":", 1)[0]
        slot = 2 * number + (1 if dash else 0)
        y = TOP + 14 + 20 * slot
        self.line(WIDTH - RIGHT + 15, y - 4, WIDTH - RIGHT + 45, y - 4, colour, dash, 2)
        self.text(WIDTH - RIGHT + 52, y, f"{name}, {measure}")

    def save(self, path):
        body = "\n".join(self.parts)
        path.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" font-family="sans-serif" font-size="12">\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n')


def main(kind, results, figure, *names):
    runs = [json.loads(line) for line in pathlib.Path(results).read_text().splitlines()]
    workers = kind == "workers"
    axis = (lambda run: run["variant"]["workers"]) if workers else lambda run: run["bytesPerWord"]
    drawn = [
        (name, number, label, dash, points(runs, name, measure, axis))
        for number, name in enumerate(names)
        for (measure, dash), label in zip(MEASURES, ("analogies", "WS-353"))]
    if workers:  # with one worker nothing is averaged, whatever the rule
        drawn = [(*series, [(1, 100, 100, 100), *some]) for *series, some in drawn]
    values = [y for *_, some in drawn for _, _, y, _ in some]
    low = max(0, int(min(values) // 10 * 10))
    ticks = [1, 2, 4, 8, 16] if workers else [10, 30, 100, 300, 1000, 2000]
    label = "workers" if workers else "bytes sent a trained word, up and down"
    chart = Chart(ticks, label, low, 110 if max(values) > 102 else 105)
    for name, number, measure, dash, some in drawn:
        chart.series(name, number, measure, dash, some)
    chart.save(pathlib.Path(figure))


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
