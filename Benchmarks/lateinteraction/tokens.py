"""Token vectors of a BEIR collection for the late-interaction benchmark.

tokens.py states MODEL COLLECTION OUT    last hidden states of all tokens, [CLS] and [SEP] included
tokens.py project OUT                    their first 128 principal directions (uncentred), length 1
tokens.py random OUT                     a random orthogonal projection to 128 numbers, length 1
"""

import json
import lzma
import os
import sys

import numpy as np


def states(model_path, collection, out):
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_path)
    model = AutoModel.from_pretrained(model_path).eval()
    documents = [json.loads(line) for line in lzma.open(f"{collection}/corpus.jsonl.xz", "rt")]
    judged = {line.split("\t")[0] for line in open(f"{collection}/test.tsv").read().split("\n")[1:] if line}
    queries = [json.loads(line) for line in open(f"{collection}/queries.jsonl")]
    queries = [query for query in queries if query["_id"] in judged]
    os.makedirs(out, exist_ok=True)
    texts = {
        "q": ([q["_id"] for q in queries], [q["text"] for q in queries], 64),
        "d": (
            [d["_id"] for d in documents],
            [(d.get("title", "") + " " + d["text"]).strip() for d in documents],
            256,
        ),
    }
    for name, (names, lines, longest) in texts.items():
        json.dump(names, open(f"{out}/{name}-names.json", "w"))
        ids = [tokenizer(line, truncation=True, max_length=longest)["input_ids"] for line in lines]
        lengths = np.array([len(i) for i in ids], np.int32)
        np.save(f"{out}/{name}-lens.npy", lengths)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        shape = (int(starts[-1]), model.config.hidden_size)
        rows = np.lib.format.open_memmap(f"{out}/{name}-states.npy", "w+", np.float32, shape)
        order = np.argsort(lengths, kind="stable")
        with torch.inference_mode():
            for begin in range(0, len(order), 16):
                part = order[begin : begin + 16]
                words = torch.zeros((len(part), int(lengths[part].max())), dtype=torch.long)
                mask = torch.zeros_like(words)
                for row, i in enumerate(part):
                    words[row, : lengths[i]] = torch.tensor(ids[i])
                    mask[row, : lengths[i]] = 1
                hidden = model(input_ids=words, attention_mask=mask).last_hidden_state.numpy()
                for row, i in enumerate(part):
                    rows[starts[i] : starts[i + 1]] = hidden[row, : lengths[i]]
        rows.flush()


def random(out, dimension=128):
    width = np.load(f"{out}/q-states.npy", mmap_mode="r").shape[1]
    square = np.random.default_rng(1).standard_normal((width, width))
    write(out, np.ascontiguousarray(np.linalg.qr(square)[0][:, :dimension], np.float32))


def project(out, dimension=128):
    rows = np.load(f"{out}/d-states.npy", mmap_mode="r")
    starts = np.concatenate([[0], np.cumsum(np.load(f"{out}/d-lens.npy"))])
    chosen = np.random.default_rng(1).choice(len(starts) - 1, min(250, len(starts) - 1), replace=False)
    sample = np.concatenate([rows[starts[i] : starts[i + 1]] for i in chosen])
    directions = np.ascontiguousarray(np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :dimension])
    write(out, directions)


def write(out, directions):
    for name in ["q", "d"]:
        rows = np.load(f"{out}/{name}-states.npy", mmap_mode="r")
        shape = (len(rows), directions.shape[1])
        tokens = np.lib.format.open_memmap(f"{out}/{name}-tokens.npy", "w+", np.float32, shape)
        for begin in range(0, len(rows), 65536):
            part = rows[begin : begin + 65536] @ directions
            tokens[begin : begin + 65536] = part / np.linalg.norm(part, axis=1, keepdims=True)
        tokens.flush()


if sys.argv[1] == "states":
    states(*sys.argv[2:])
else:
    {"project": project, "random": random}[sys.argv[1]](*sys.argv[2:])
