"""Turns the results of the encoding benchmark into the tables of docs/benchmarks.md."""

import statistics

from report import spread, table

PRECISIONS = ("f32", "bf16", "int8")


def speeds(results, name):
    return [run["documentsPerSecond"] for run in results["runs"][name]]


def precision_of(name):
    return next((one for one in PRECISIONS if one in name), "")


def disturbance(results):
    """How much of the machine others used, where it was enough to be felt."""
    shares = [run["shareOfOthers"] for runs in results["runs"].values() for run in runs]
    if not shares or max(shares) < 0.03:
        return ""
    return (f"Other programs used {statistics.median(shares):.0%} of the machine in the median run "
            f"and {max(shares):.0%} in the worst.")


def fastest_of(results, names):
    """The one that is fastest in the median, or None of none."""
    return max(names, key=lambda name: statistics.median(speeds(results, name)), default=None)


def ours(results, precision):
    """The faster of our layouts, as peers choose theirs."""
    return fastest_of(results, [name for name in results["runs"]
                                if name.startswith(f"sounder {precision}")])


def ratio(results, name, base):
    """Ratios within each repeat: both ran within minutes of each other."""
    return spread([a / b for a, b in zip(speeds(results, name), speeds(results, base))])


def fastest(results, precisions):
    """The fastest peer of these precisions."""
    return fastest_of(results, [name for name in results["runs"] if precision_of(name) in precisions
                                and not name.startswith("sounder")])


def throughput(results):
    """Every variant at its best, our ratio to it at the same precision, and how good it is."""
    rows = []
    for name in results["runs"]:
        mine, found = ours(results, precision_of(name)), results["quality"].get(name, {})
        cosine, ndcg = found.get("cosine"), found.get("ndcg")
        rows.append([
            name, "" if name.startswith("sounder") else results["chosen"][name],
            spread(speeds(results, name), "{:,.1f}"),
            "" if mine is None or name.startswith("sounder") else ratio(results, mine, name),
            f"{cosine['min']:.5f}; {cosine['mean']:.5f}" if cosine else "",
            f"{ndcg:.4f}" if ndcg else ""])
    return table(
        ["variant", "at its best", "documents/s", "sounder of that precision is × as fast",
         "cosine to sentence-transformers f32, min; mean", "SciFact nDCG@10"], rows)


def targets(results):
    """Ours against the fastest peers."""
    rows = []
    for precision in PRECISIONS:
        mine = ours(results, precision)
        if mine is None:
            continue
        for what, among in ((f"the fastest {precision} peer", (precision,)),
                            ("the fastest peer of any precision", PRECISIONS)):
            peer = fastest(results, among)
            if peer:
                rows.append([f"{mine} against {what}, {peer}", ratio(results, mine, peer)])
    return table(["ratio", "median (smallest-largest)"], rows) if rows else ""


def markdown(results):
    tokens = f", {results['tokens']:,} tokens" if results["tokens"] else ""
    versions = sorted({f"{name.split()[0]} {version}"
                       for name, version in results["versions"].items() if version})
    parts = [
        f"{results['date']}, commit {results['commit']}, {results['machine']}.",
        f"{results['count']:,} passages of {results['passages']}{tokens}, at most "
        f"{results['maxLength']} each, {results['threads']} threads, {results['repeats']} repeats "
        f"in turn. Peers: {', '.join(versions) or 'none'}, each at the fastest of its layouts and "
        f"of batches of {', '.join(map(str, results['batches']))}.",
        disturbance(results), throughput(results), targets(results)]
    if results["failures"]:
        parts.append(table(["without a figure", "reason"],
                           [[name, reason] for name, reason in results["failures"].items()]))
    scifact = "BENCH_SCIFACT=scifact " * results["scifact"]
    parts.append(
        f"Command: `BENCH=encoding BENCH_PASSAGES={results['passages']} {scifact}"
        f"PASSAGES={results['count']} THREADS={results['threads']} "
        f"REPEATS={results['repeats']} make bench`")
    return "\n\n".join(part for part in parts if part)
