"""Everybody who encodes in the benchmark: how they are started, tuned and timed."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys

from surroundings import HERE, say


class Failure(Exception):
    """Why a variant gave no figure."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """So many processes of so many threads, and texts in a batch (0: it chooses itself)."""

    processes: int
    threads: int
    streams: int = 1
    batch: int = 0

    def __str__(self):
        parts = [f"{self.processes}x{self.threads}"]
        if self.streams > 1:
            parts.append(f"{self.streams} streams")
        return " ".join(parts) + (f", batch {self.batch}" if self.batch else "")


class Variant:
    """A name, the layouts it may choose from, and the choice it made."""

    def __init__(self, name, layouts, folder, retrieves=False):
        self.name, self.layouts, self.folder = name, layouts, folder
        self.retrieves, self.version = retrieves, ""
        self.chosen, self.vectors, self.tried = None, None, {}

    def trials(self, choices, sample):
        """Yields every choice with the seconds that the sample took."""
        raise NotImplementedError

    def run(self, texts):
        """Encodes all texts into `vectors` and returns the seconds that took."""
        raise NotImplementedError

    def tune(self, sample, batches):
        """Chooses the fastest of all layouts and batch sizes, each tried twice on the sample."""
        best = None
        for layout in self.layouts:
            choices = [dataclasses.replace(layout, batch=batch) for batch in batches]
            for choice, seconds in self.trials(choices, sample):
                self.tried[str(choice)] = len(sample) / seconds
                if best is None or seconds < best[0]:
                    best = seconds, choice
        self.chosen = best[1]
        say(f"{self.name}: " + "; ".join(
            f"{choice}: {speed:,.1f}" for choice, speed in self.tried.items()))


class Crew:
    """Processes of one peer that share the texts between them."""

    def __init__(self, job, processes):
        environment = os.environ | {
            "RAYON_NUM_THREADS": str(job["threads"]), "OMP_NUM_THREADS": str(job["threads"]),
            "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
        self.log = open(pathlib.Path(job["log"]), "w+", encoding="utf-8")
        self.members = [
            subprocess.Popen(
                [sys.executable, HERE / "encoding_peers.py", json.dumps(job)], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment)
            for _ in range(processes)]
        self.version = [self.answer(member) for member in self.members][0]["version"]

    def answer(self, member):
        line = member.stdout.readline()
        if line:
            return json.loads(line)
        self.log.seek(0)
        said = self.log.read().strip().splitlines() or ["it said nothing"]
        self.close()
        raise Failure(said[-1])

    def encode(self, path, batch, vectors=None):
        """Seconds that the slowest member took for its share, by its own clock.

        All have loaded their model before the first is asked, so they work at the same time; their
        clocks leave out the reading and writing of files.
        """
        for number, member in enumerate(self.members):
            request = {"batch": batch, "texts": str(path), "first": number,
                       "step": len(self.members),
                       "vectors": str(vectors) + f".{number}.npy" if vectors else None}
            with contextlib.suppress(OSError):  # Its answer tells why it is gone.
                member.stdin.write(json.dumps(request) + "\n")
                member.stdin.flush()
        return max(self.answer(member)["seconds"] for member in self.members)

    def close(self):
        for member in self.members:
            with contextlib.suppress(OSError):
                member.stdin.close()
            member.wait()


class Peer(Variant):
    def __init__(self, name, layouts, folder, job, retrieves=False):
        super().__init__(name, layouts, folder, retrieves)
        self.job = job

    def crew(self, choice):
        job = self.job | {"threads": choice.threads, "streams": choice.streams,
                          "log": str(self.folder / "peer.log")}
        if "onnx" in job and not pathlib.Path(job["onnx"]).exists():
            raise Failure("the model could not be exported to ONNX")
        crew = Crew(job, choice.processes)
        self.version = crew.version
        return crew

    def trials(self, choices, sample):
        path = write_texts(self.folder / "sample.json", sample)
        crew = self.crew(choices[0])
        for choice in choices:
            yield choice, min(crew.encode(path, choice.batch) for _ in range(2))
        crew.close()

    def run(self, texts):
        import numpy

        path = write_texts(self.folder / "texts.json", texts)
        crew = self.crew(self.chosen)
        crew.encode(write_texts(self.folder / "first.json", texts[:64]), self.chosen.batch)
        vectors = self.folder / "vectors"
        seconds = crew.encode(path, self.chosen.batch, vectors)
        crew.close()
        parts = [numpy.load(f"{vectors}.{number}.npy") for number in range(self.chosen.processes)]
        self.vectors = numpy.empty((len(texts), parts[0].shape[1]), numpy.float32)
        for number, part in enumerate(parts):
            self.vectors[number::len(parts)] = part
        return seconds


class Sounder(Variant):
    def __init__(self, name, layout, folder, options, precision, retrieves=False):
        super().__init__(name, [layout], folder, retrieves)
        self.options, self.precision = options, precision

    def tune(self, sample, batches):
        """It has nothing to tune."""
        self.chosen = self.layouts[0]

    def run(self, texts):
        source, output = self.folder / "texts.jsonl", self.folder / "encoded"
        with open(source, "w", encoding="utf-8") as file:
            for number, text in enumerate(texts):
                file.write(json.dumps({"_id": str(number), "text": text}) + "\n")
        shutil.rmtree(output, ignore_errors=True)
        command = [
            self.options.sounder, "encode", "--model", self.options.model, "--input", source,
            "--output", output, "--precision", self.precision, "--max-length",
            self.options.max_length, "--workers", self.chosen.processes, "--threads",
            self.chosen.threads, "--json"]
        try:
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        except OSError as error:
            raise Failure(f"{self.options.sounder} does not start: {error}") from error
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["it said nothing"]
            raise Failure(f"sounder encode ended with {done.returncode}: {said[0]}")
        self.vectors = collection(output, len(texts))
        return len(texts) / json.loads(done.stdout)["documentsPerSecond"]


def write_texts(path, texts):
    path.write_text(json.dumps(texts), encoding="utf-8")
    return path


def collection(folder, count):
    """The vectors of an encoded collection, in the order of the numbers that are its ids."""
    import numpy

    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    vectors = numpy.zeros((count, manifest["dimension"]), numpy.float32)
    for shard in manifest["shards"]:
        ids = (folder / shard["ids"]["name"]).read_text(encoding="utf-8").split()
        vectors[[int(one) for one in ids]] = numpy.load(folder / shard["vectors"]["name"])
    return vectors


def variants(options, folder, onnx):
    """Everybody, ours first and then each kind of peer, as far as ONLY lets them."""
    threads, model = options.threads, str(options.model)
    together, apart = Choice(1, threads), Choice(threads, 1)
    both = [together] + ([apart] if threads > 1 else [])
    streams = [together] + ([Choice(1, threads, streams=threads)] if threads > 1 else [])
    common = {"folder": model, "maxLength": options.max_length}
    listed = []
    for precision in ("f32", "bf16", "int8"):
        for layout in both:
            listed.append(Sounder(f"sounder {precision} {layout}", layout, folder, options,
                                  precision, retrieves=layout is together))
    for graph, precision in (("plain", "f32"), ("fused", "f32"), ("plain-int8", "int8"),
                             ("fused-int8", "int8")):
        name = f"onnxruntime {precision}" + (", fused" if graph.startswith("fused") else "")
        listed.append(Peer(name, both, folder, common | {
            "engine": "onnxruntime", "precision": precision, "onnx": f"{onnx / graph}.onnx"},
            retrieves=graph.startswith("plain")))
    for precision in ("f32", "bf16", "autocast"):
        name = f"sentence-transformers {'bf16, ' * (precision == 'autocast')}{precision}"
        listed.append(Peer(name, both, folder, common | {
            "engine": "sentence-transformers", "precision": precision}))
    for precision, graph, hint in (("f32", "plain", "f32"), ("bf16", "plain", "bf16"),
                                   ("int8", "plain-int8", "f32")):
        listed.append(Peer(f"openvino {precision}", streams, folder, common | {
            "engine": "openvino", "precision": precision, "hint": hint,
            "onnx": f"{onnx / graph}.onnx"}))
    return [variant for variant in listed
            if not options.only or any(variant.name.startswith(name) for name in options.only)]
