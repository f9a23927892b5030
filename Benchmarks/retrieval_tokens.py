"""Late interaction on SciFact: indexes of the same token vectors by Sounder and by fast-plaid.

The vectors are made once, by `sounder encode --tokens --projection 128`, and are brought to length
1; making them counts for nobody. Building goes from vectors in memory to an index on disk,
searching from the vectors of a query to its 100 best documents, both with THREADS threads.
Sounder's part is the library that workers run, through LateInteractionBench; fast-plaid has its
defaults.

    python retrieval_tokens.py peer TOKENS OUTPUT BITS   measures fast-plaid, in its environment
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import numpy

from surroundings import ROOT, WORK, say, setting

BENCH = ROOT / ".build/release/LateInteractionBench"
PEER = ROOT / ".venv/fast-plaid/bin/python"
FORMS = ("exact", "residual8", "residual4", "residual2", "int8")
# What `sounder search` does unless it is told otherwise.
OURS = "p8-512"
SECONDS = 3600


def run(command, **more):
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=SECONDS, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n"
                 f"{done.stderr[-3000:]}")
    return done.stdout


# Vectors


def tokens(sounder):
    """The folder with vectors of documents and queries; made anew only where it is missing."""
    import scifact

    target = WORK / "scifact-tokens"
    if (target / "complete").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    asked = target / "queries.jsonl"
    asked.write_text("".join(json.dumps({"_id": name, "text": text}) + "\n"
                             for name, text in scifact.queries()), encoding="utf-8")
    for name, source in (("d", scifact.documents()), ("q", asked)):
        say(f"token vectors of {source.name}, minutes")
        with tempfile.TemporaryDirectory(dir=WORK) as place:
            folder = pathlib.Path(place) / "encoded"
            run([sounder, "encode", "--model", scifact.model(), "--input", source, "--output",
                 folder, "--tokens", "--projection", 128, "--dtype", "f32", "--quiet"])
            gather(folder, target, name)
    (target / "complete").touch()
    return target


def first(folder, count):
    """The folder with vectors of the first `count` documents and of all queries."""
    target = WORK / f"{folder.name}-{count}"
    target.mkdir(exist_ok=True)
    lengths = numpy.load(folder / "d-lens.npy")[:count]
    rows = numpy.load(folder / "d-tokens.npy", mmap_mode="r")[:int(lengths.sum())]
    numpy.save(target / "d-tokens.npy", rows)
    numpy.save(target / "d-lens.npy", lengths)
    ids = json.loads((folder / "d-names.json").read_text(encoding="utf-8"))[:count]
    (target / "d-names.json").write_text(json.dumps(ids), encoding="utf-8")
    for name in ("q-tokens.npy", "q-lens.npy", "q-names.json"):
        shutil.copy(folder / name, target / name)
    return target


def gather(folder, target, name):
    """All shards of a collection as one array of vectors of length 1, lengths and ids."""
    vectors = [numpy.load(path, mmap_mode="r") for path in sorted(folder.glob("vectors-*.npy"))]
    lengths = [numpy.load(path) for path in sorted(folder.glob("lengths-*.npy"))]
    ids = [line for path in sorted(folder.glob("ids-*.txt"))
           for line in path.read_text(encoding="utf-8").splitlines()]
    rows = numpy.concatenate(vectors)
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
    numpy.save(target / f"{name}-tokens.npy", rows)
    numpy.save(target / f"{name}-lens.npy", numpy.concatenate(lengths).astype(numpy.int32))
    (target / f"{name}-names.json").write_text(json.dumps(ids), encoding="utf-8")


# Those who index and search


def ours(folder, output, threads, forms=FORMS):
    """Of each form: seconds of building, milliseconds of a query; runs are in `output`."""
    said = run([BENCH, "runs", folder, output, threads, *forms])
    figures = {}
    for form in forms:
        if form == "exact":
            found = re.search(r"exact f32: (\S+) ms a query", said)
            figures[form] = {"milliseconds": float(found[1]), "run": "exact.run"}
            continue
        part = said[said.index(f"\n{form}: "):]
        sampling, training, writing, size = re.search(
            r"in (\S+) \+ (\S+) s, \d+ tokens written in (\S+) s, (\d+) bytes", part).groups()
        found = re.search(rf"  {OURS}: (\S+) ms a query", part)
        figures[form] = {"seconds": float(sampling) + float(training) + float(writing),
                         "bytes": int(size), "milliseconds": float(found[1]),
                         "run": f"{form}-{OURS}.run"}
    return figures


def peer(folder, output, bits):
    """In the environment of fast-plaid: prints its figures, writes its run."""
    import torch
    from fast_plaid import search

    def texts(name):
        rows = torch.from_numpy(numpy.load(f"{folder}/{name}-tokens.npy"))
        return list(torch.split(rows, numpy.load(f"{folder}/{name}-lens.npy").tolist()))

    torch.set_num_threads(int(os.environ["THREADS"]))
    documents, queries = texts("d"), texts("q")
    with tempfile.TemporaryDirectory(dir=output) as place:
        began = time.perf_counter()
        index = search.FastPlaid(index=place, device="cpu")
        index.create(documents_embeddings=documents, nbits=bits)
        built = time.perf_counter() - began
        size = sum(path.stat().st_size for path in pathlib.Path(place).rglob("*")
                   if path.is_file())
        # The first search reads the index, which is not counted.
        index.search(queries[:20], top_k=100, show_progress=False)
        began = time.perf_counter()
        found = index.search(queries, top_k=100, show_progress=False)
        spent = time.perf_counter() - began
    with open(f"{output}/fast-plaid-{bits}.run", "w", encoding="utf-8") as file:
        for number, hits in enumerate(found):
            for document, score in hits:
                file.write(f"{number} Q0 {document} 0 {score} fast-plaid\n")
    print(json.dumps({"seconds": built, "bytes": size, "run": f"fast-plaid-{bits}.run",
                      "milliseconds": spent * 1e3 / len(queries)}))


def theirs(folder, output, threads, bits):
    # The other tables of `retrieval.py` are of one thread.
    environment = {name: value for name, value in os.environ.items()
                   if not name.endswith("_NUM_THREADS")}
    environment |= {"OMP_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads),
                    "THREADS": str(threads)}
    python = setting("FAST_PLAID_PYTHON", str(PEER))
    return json.loads(run([python, __file__, "peer", folder, output, bits],
                          env=environment).splitlines()[-1])


def quality(sounder, folder, run_path):
    """nDCG@10 by `sounder eval retrieval`; places in the files become ids."""
    import scifact

    queries, documents = (json.loads((folder / f"{name}-names.json").read_text(encoding="utf-8"))
                          for name in ("q", "d"))
    named = run_path.with_suffix(".named")
    with open(run_path, encoding="utf-8") as source, open(named, "w", encoding="utf-8") as target:
        for line in source:
            query, zero, document, *rest = line.split()
            target.write(" ".join([queries[int(query)], zero, documents[int(document)], *rest])
                         + "\n")
    report = json.loads(run([sounder, "eval", "retrieval", "--run", named, "--qrels",
                             scifact.folder() / "test.tsv", "--measure", "nDCG@10", "--json"]))
    return report["metrics"]["nDCG@10"]


def measure(sounder, repeats):
    """In turn; returns a list of figures by name."""
    folder = tokens(sounder)
    if count := setting("DOCUMENTS", 0):
        folder = first(folder, count)
    threads = setting("THREADS", os.cpu_count() or 1)
    figures = {}
    with tempfile.TemporaryDirectory(dir=WORK) as place:
        output = pathlib.Path(place)
        for turn in range(repeats):
            say(f"late interaction, {turn + 1} of {repeats}")
            runs = {f"fast-plaid, {bits} bits": theirs(folder, output, threads, bits)
                    for bits in map(int, setting("BITS", "4,2").split(","))}
            runs |= {f"Sounder {form}": run
                     for form, run in ours(folder, output, threads).items()}
            for name, found in runs.items():
                if turn == 0:
                    found["nDCG@10"] = quality(sounder, folder, output / found["run"])
                figures.setdefault(name, []).append(found)
    return {"threads": threads, "documents": len(numpy.load(folder / "d-lens.npy")),
            "runs": figures}


def markdown(results):
    from report import spread, table

    runs = results["runs"]
    exact = runs["Sounder exact"][0]["nDCG@10"]
    peers = [found for name, found in runs.items() if name.startswith("fast-plaid")]
    rows = []
    for name, found in runs.items():
        base = runs.get("fast-plaid, 2 bits" if "2" in name else "fast-plaid, 4 bits", peers[0])
        built = [run.get("seconds") for run in found]
        speeds = [1e3 / run["milliseconds"] for run in found]
        rows.append([
            name, "" if None in built else spread(built, "{:.1f}"),
            "" if None in built else spread([b["seconds"] / a for a, b in zip(built, base)],
                                            "{:.1f}"),
            spread(speeds, "{:,.0f}"),
            spread([a * b["milliseconds"] / 1e3 for a, b in zip(speeds, base)], "{:.1f}"),
            f"{found[0]['nDCG@10']:.4f}", f"{found[0]['nDCG@10'] - exact:+.4f}",
            f"{found[0]['bytes'] / 1e6:.1f}" if "bytes" in found[0] else ""])
    return table([f"SciFact, {results['documents']:,} documents, {results['threads']} threads", "built, s", "× fast-plaid",
                  "queries/s", "× fast-plaid", "nDCG@10", "less exact", "MB"], rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        peer(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(__doc__)
