"""Turns the results of a benchmark into the tables of docs/benchmarks.md."""

import statistics

MIB = 1 << 20


def spread(values, form="{:.2f}"):
    """Median, with smallest and largest where there is more than one."""
    middle = form.format(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))}-{form.format(max(values))})"


def speeds(runs, name):
    return [run["wordsPerSecondTraining"] for run in runs[name]]


def ratios(runs, name, base):
    """Ratios within each repeat: both ran within minutes of each other."""
    return [a / b for a, b in zip(speeds(runs, name), speeds(runs, base))]


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def throughput(runs):
    """Words per second of every variant and our ratio to it."""
    ours = next((name for name in runs if name.startswith("sounder 1x")), None)
    rows = []
    for name, all_runs in runs.items():
        ratio = "" if ours in (None, name) else spread(ratios(runs, ours, name))
        analogies = all_runs[0].get("analogies")
        spearman = all_runs[0].get("spearman")
        rows.append([
            name, spread([speed / 1e3 for speed in speeds(runs, name)], "{:,.0f}"), ratio,
            spread([run["wall"] for run in all_runs], "{:.1f}"),
            "" if analogies is None else f"{analogies:.1f}",
            "" if spearman is None else f"{spearman:.3f}"])
    return table(["variant", "training, k words/s", f"{ours or 'ours'} is × as fast",
                  "command to file, s", "analogies, %", "similarity, Spearman"], rows)


def own_figures(results):
    """What only we report: the cost of distribution, of preparation, of memory."""
    runs, epochs = results["runs"], results["epochs"]
    names = [name for name in runs if name.startswith("sounder")]
    rows = []
    if len(names) == 2:
        rows.append([f"{names[1]} against {names[0]}, training throughput",
                     spread(ratios(runs, names[1], names[0]))])
    for name in names:
        shares = [100 * (run["secondsCounting"] + run["secondsEncoding"])
                  / (run["secondsTraining"] / epochs) for run in runs[name]]
        rows.append([f"{name}: counting and encoding, % of one epoch's training",
                     spread(shares, "{:.1f}")])
        peaks = [max(run["workerBytes"]) for run in runs[name] if run["workerBytes"]]
        matrices = runs[name][0]["matrixBytes"]
        if peaks:
            rows.append([f"{name}: largest worker, MiB", spread([p / MIB for p in peaks],
                                                                "{:,.0f}")])
        rows.append([f"{name}: both matrices, MiB", f"{matrices / MIB:,.0f}"])
        rows.append([f"{name}: rounds; bytes sent per trained word",
                     f"{runs[name][0]['rounds']}; "
                     f"{runs[name][0]['bytesSent'] / (results['words'] * epochs):.2f}"])
    if "smallCorpusSeconds" in results:
        rows.append(["1 MB corpus, from command to file, s",
                     spread(results["smallCorpusSeconds"])])
    return table(["figure", "median (smallest-largest)"], rows)


def markdown(results):
    runs = results["runs"]
    parts = [
        f"{results['date']}, commit {results['commit']}, {results['machine']}.",
        f"Corpus {results['corpus']}: {results['corpusBytes']:,} bytes, {results['words']:,} "
        f"words. {results['model']}, dim {results['dim']}, window 5, negative 5, sample 1e-4, min-count 5, "
        f"{results['epochs']} epochs, {results['threads']} threads, {results['repeats']} repeats "
        f"in turn; seed {results['seed']}, alpha {results['alpha']} (fastText 0.05, gensim as "
        "named).",
        throughput(runs)]
    if any(name.startswith("sounder") for name in runs):
        parts.append(own_figures(results))
    command = (f"MODEL={results['model']} BENCH_CORPUS={results['corpus']} EPOCHS={results['epochs']} "
               f"DIM={results['dim']} THREADS={results['threads']} "
               f"REPEATS={results['repeats']} make bench")
    parts.append(f"Command: `{command}`")
    return "\n\n".join(parts)
