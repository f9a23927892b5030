"""Encodes texts with one peer in a process of its own, as often as it is asked.

    python encoding_peers.py '{"engine": "onnxruntime", "precision": "f32", "threads": 2, ...}'

It answers one line of JSON when the model is loaded, and one for every line of JSON it reads:
{"batch": 8, "texts": path, "first": 0, "step": 2, "vectors": path or null}. Texts are a JSON
array, of which it takes every `step`-th from `first`. Reading and writing files are not timed;
tokenising, sorting by length, and padding are.
"""

import json
import os
import sys
import time


def tokenized(tokenizer, texts):
    """Ids of every text, and the order from the longest to the shortest."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
    return ids, sorted(range(len(ids)), key=lambda index: -len(ids[index]))


def padded(ids):
    import numpy

    length = max(map(len, ids))
    tokens = numpy.zeros((len(ids), length), numpy.int64)
    mask = numpy.zeros_like(tokens)
    for row, one in enumerate(ids):
        tokens[row, :len(one)] = one
        mask[row, :len(one)] = 1
    return {"input_ids": tokens, "attention_mask": mask,
            "token_type_ids": numpy.zeros_like(tokens)}


def tokenizer_of(job):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(job["folder"], "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(job["maxLength"])
    return tokenizer


class OnnxRuntime:
    def __init__(self, job):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = job["threads"]
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(
            job["onnx"], options, providers=["CPUExecutionProvider"])
        self.tokenizer = tokenizer_of(job)
        self.version = onnxruntime.__version__

    def encode(self, texts, batch):
        import numpy

        ids, order = tokenized(self.tokenizer, texts)
        vectors = None
        for start in range(0, len(order), batch):
            chosen = order[start:start + batch]
            found = self.session.run(["vectors"], padded([ids[index] for index in chosen]))[0]
            if vectors is None:
                vectors = numpy.empty((len(texts), found.shape[1]), numpy.float32)
            vectors[chosen] = found
        return vectors


class OpenVino:
    def __init__(self, job):
        import openvino

        core = openvino.Core()
        self.model = core.compile_model(core.read_model(job["onnx"]), "CPU", {
            "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": job["streams"],
            "INFERENCE_NUM_THREADS": job["threads"], "INFERENCE_PRECISION_HINT": job["hint"]})
        self.queue = openvino.AsyncInferQueue(self.model, job["streams"])
        self.queue.set_callback(self.take)
        self.tokenizer = tokenizer_of(job)
        self.version = openvino.__version__.split("-")[0]

    def take(self, request, chosen):
        self.vectors[chosen] = request.get_output_tensor(0).data

    def encode(self, texts, batch):
        import numpy

        ids, order = tokenized(self.tokenizer, texts)
        self.vectors = numpy.empty(
            (len(texts), self.model.output(0).partial_shape[1].get_length()), numpy.float32)
        for start in range(0, len(order), batch):
            chosen = order[start:start + batch]
            self.queue.start_async(padded([ids[index] for index in chosen]), chosen)
        self.queue.wait_all()
        return self.vectors


class SentenceTransformers:
    """Its own `encode`, which sorts by length itself."""

    def __init__(self, job):
        import sentence_transformers
        import torch

        torch.set_num_threads(job["threads"])
        self.model = sentence_transformers.SentenceTransformer(job["folder"], device="cpu")
        self.model.max_seq_length = job["maxLength"]
        self.autocast = job["precision"] == "autocast"
        if job["precision"] == "bf16":
            self.model.bfloat16()
        self.version = f"{sentence_transformers.__version__} on torch {torch.__version__}"

    def encode(self, texts, batch):
        import torch

        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            found = self.model.encode(
                texts, batch_size=batch, convert_to_tensor=True, show_progress_bar=False)
        return found.float().numpy()


ENGINES = {"onnxruntime": OnnxRuntime, "openvino": OpenVino,
           "sentence-transformers": SentenceTransformers}


def main():
    import numpy

    job = json.loads(sys.argv[1])
    engine = ENGINES[job["engine"]](job)
    engine.encode(["a first text warms up what is made at first use"] * 2, 2)
    print(json.dumps({"version": engine.version}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        with open(request["texts"], encoding="utf-8") as file:
            texts = json.load(file)[request["first"]::request["step"]]
        started = time.perf_counter()
        vectors = engine.encode(texts, request["batch"])
        seconds = time.perf_counter() - started
        if request["vectors"]:
            numpy.save(request["vectors"], vectors)
        print(json.dumps({"seconds": seconds, "texts": len(texts)}), flush=True)


if __name__ == "__main__":
    main()
