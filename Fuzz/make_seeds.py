#!/usr/bin/env python3
"""Writes Fuzz/Seeds: small inputs for each target, made from the descriptions of the formats.

The files are in git; run this again after adding some. It needs the program zstd.
"""
import base64
import gzip
import hashlib
import json
import pathlib
import struct
import subprocess
import zlib

ROOT = pathlib.Path(__file__).parent / "Seeds"


def seed(target, name, data):
    directory = ROOT / target
    directory.mkdir(parents=True, exist_ok=True)
    if isinstance(data, str):
        data = data.encode()
    (directory / name).write_bytes(data)


# --- the wire ------------------------------------------------------------------------------------

FILE = {"path": "/data/a.txt", "size": 1000, "modifiedNanoseconds": 1}
SPEC = {
    "kind": "train-words", "files": [FILE], "dimension": 16, "window": 5, "negative": 5,
    "sample": 1e-4, "minimumCount": 5, "vocabularyMax": 0, "epochs": 2, "alpha": 0.05, "seed": 1,
    "partitions": 2, "wordsPerRound": 0, "momentum": -1.0, "deterministic": False,
    "keepsOutputs": True, "architecture": "skip-gram", "loss": "negative-sampling",
    "subwords": {"minimumLength": 3, "maximumLength": 6, "buckets": 1000},
}
GLOVE = {
    "kind": "train-glove", "files": [FILE], "dimension": 16, "window": 15, "symmetric": True,
    "xMax": 100.0, "power": 0.75, "minimumCount": 5, "vocabularyMax": 0, "epochs": 25, "eta": 0.05,
    "seed": 1, "partitions": 2, "memoryMebibytes": 512, "deterministic": False, "vectors": "sum", "keepsOutputs": False,
}
UNIT = {"job": "j-1", "round": 0, "index": 3}
LEASE = {"epoch": 1, "attempt": 1, "token": 18446744073709551615}
PROGRESS = {"done": 1.5, "total": "inf"}
FAULT = {"code": "input", "message": "no such file", "retryable": True}
PAYLOAD = {"id": "p-1", "size": 4096, "checksum": 9223372036854775808}
CORPUS = {"id": "c-1", "files": [FILE], "blockBytes": 65536}
ENCODING = {
    "corpus": CORPUS, "partition": 0, "partitions": 2, "seed": 1, "vocabulary": PAYLOAD,
}
MODEL = {"input": PAYLOAD, "output": PAYLOAD}
SETTINGS = {key: value for key, value in SPEC.items() if key != "kind"}
STATUS = {
    "job": "j-1", "kind": "train-words", "state": "running", "stage": "training", "round": 1,
    "rounds": 9, "unitsDone": 1, "unitsTotal": 2, "progress": {"done": 1, "total": 2},
    "retries": 0, "measures": {"loss": 2.5}, "fault": None,
    "outputs": [{"name": "input", "payload": PAYLOAD}], "submittedAtMilliseconds": 1,
}
MESSAGES = {
    "hello": {
        "protocolVersion": 1, "softwareVersion": "0.1.0", "role": "worker", "name": "w-1",
        "capabilities": {
            "kinds": ["count-words", "train-words"], "slots": 1, "threads": 4,
            "instructionSet": "avx2", "host": "h", "processID": 7,
        },
    },
    "welcome": {
        "epoch": 1, "softwareVersion": "0.1.0", "heartbeatMilliseconds": 1000,
        "livenessMilliseconds": 5000,
    },
    "refused": {"fault": FAULT},
    "heartbeat": {"running": [{"unit": UNIT, "lease": LEASE, "progress": PROGRESS}]},
    "unitFinished": {
        "unit": UNIT, "lease": LEASE,
        "outcome": {"outputs": [PAYLOAD], "measures": {"words": 12.0, "loss": "nan"}},
    },
    "unitFailed": {"unit": UNIT, "lease": LEASE, "fault": FAULT},
    "goodbye": {"finishing": True},
    "revoke": {"unit": UNIT, "lease": LEASE},
    "release": {"unit": UNIT, "lease": LEASE},
    "drain": {},
    "submit": {"key": "nightly", "spec": SPEC},
    "cancel": {"job": "j-1"},
    "query": {"job": "j-1"},
    "query-all": {"kind": "query"},
    "retry": {"job": "j-1"},
    "readLog": {"job": "j-1", "after": 0},
    "accepted": {"job": "j-1"},
    "jobs": {"jobs": [STATUS]},
    "get": {"payload": "p-1", "offset": 0, "length": 1048576, "request": 5},
    "missing": {"payload": "p-1", "fault": FAULT, "request": 5},
}
FOLDER = {"path": "/models/m", "entries": [
    {"name": "config.json", "file": {
        "path": "/models/m/config.json", "size": 600, "modifiedNanoseconds": 1}}]}
ENCODE = {
    "files": CORPUS["files"], "model": FOLDER, "format": "jsonl", "textFields": ["title", "text"],
    "precision": "bf16", "dtype": "int8", "maxLength": 256, "tokenLevel": False,
    "skipsMalformed": True, "refusesTruncation": False, "shardRows": 0,
}
TASKS = {
    "count": {"kind": "count-words", "corpus": CORPUS, "blocks": [0, 4]},
    "encode": {"kind": "encode-words", **ENCODING},
    "train": {
        "kind": "train-words", "encoding": ENCODING, "settings": SETTINGS, "round": 1, "rounds": 9,
        "model": "m-1", "rowsDue": 10, "rowsDueBefore": 10, "step": MODEL, "whole": MODEL,
    },
    "pairs": {
        "kind": "count-pairs", "encoding": ENCODING, "window": 15, "symmetric": True, "blocks": 2,
        "memoryMebibytes": 512,
    },
    "glove": {
        "kind": "train-glove", "pairs": MODEL["input"], "partition": 0, "contexts": 1,
        "partitions": 2, "vocabulary": 10, "slice": 0, "slices": 1, "settings": {k: v for k, v in GLOVE.items() if k != "kind"}, "round": 1,
        "rounds": 9, "model": "m-1", "step": MODEL, "whole": MODEL,
    },
    "chunk": {
        "kind": "encode-chunk", "file": CORPUS["files"][0], "payload": "j-1/corpus/0",
        "name": "/data/a.jsonl.gz", "bytes": [0, 900], "firstRecord": 0, "firstLine": 1,
        "records": [0, 3], "columns": [],
        "model": {"folder": FOLDER, "identity": "0" * 64, "digests": ["1" * 64], "id": "j-1/model"},
        "settings": ENCODE,
    },
}


def header(kind, fields):
    return json.dumps({"kind": kind, **fields}, separators=(",", ":"))


for kind, fields in MESSAGES.items():
    seed("wire", f"ok-{kind}", header(kind, fields))
for name, task in TASKS.items():
    assign = {"unit": UNIT, "lease": LEASE, "task": task}
    seed("wire", f"ok-assign-{name}", header("assign", assign))
seed("wire", "ok-chunk", header("chunk", {"payload": "p-1", "offset": 0}).encode() + b"\xffbytes")
seed("wire", "bad-chunk-without-bytes", header("chunk", {"payload": "p-1", "offset": 0}))
seed("wire", "bad-three-frames", header("drain", {}).encode() + b"\xff\xff")
seed("wire", "bad-body-in-drain", header("drain", {}).encode() + b"\xffbytes")
seed("wire", "bad-kind", header("obey", {}))
seed("wire", "bad-empty", b"")
seed("wire", "bad-depth", "[" * 2000)
seed("wire", "bad-range", header("assign", {
    "unit": UNIT, "lease": LEASE, "task": {**TASKS["count"], "blocks": [4, 0]}}))
seed("wire", "bad-number", header("get", {"payload": "p", "offset": 1e300, "length": 1}))
seed("wire", "bad-negative", header("get", {"payload": "p", "offset": -1, "length": 1}))

seed("job-spec", "ok-all", json.dumps(SPEC))
seed("job-spec", "ok-glove", json.dumps(GLOVE))
seed("job-spec", "bad-glove-eta", json.dumps({**GLOVE, "eta": 0}))
seed("job-spec", "bad-glove-vectors", json.dumps({**GLOVE, "vectors": "all"}))
seed("job-spec", "ok-encode", json.dumps({"kind": "encode", **ENCODE}))
seed("job-spec", "bad-encode-name", json.dumps({"kind": "encode", **ENCODE, "model": {
    **FOLDER, "entries": FOLDER["entries"] + [
        {"name": "../up.json", "file": FOLDER["entries"][0]["file"]}]}}))
seed("job-spec", "bad-encode-dtype", json.dumps({"kind": "encode", **ENCODE, "dtype": "f64"}))
seed("job-spec", "bad-kind", json.dumps({**SPEC, "kind": "sing"}))
seed("job-spec", "bad-dimension", json.dumps({**SPEC, "dimension": 10**18}))
seed("job-spec", "bad-files", json.dumps({**SPEC, "files": []}))
seed("job-spec", "bad-json", b"{\"kind\":\"train-words\",\"files\":[{]}")

for name, text in {
    "ok-tcp": "tcp://10.0.0.1:5761", "ok-name": "tcp://node-1.example.org:5761",
    "ok-six": "tcp://[fe80::1]:5761", "ok-mapped": "tcp://[::ffff:127.0.0.1]:5761",
    "ok-any": "tcp://127.0.0.1:*", "ok-ipc": "ipc:///run/sounder/control",
    "bad-star": "tcp://*:5761", "bad-port": "tcp://a:65535", "bad-scheme": "udp://a:1",
    "bad-bare-six": "tcp://::1:5761", "bad-abstract": "ipc://@x", "bad-zero": "ipc://a\0b",
    "bad-long": "ipc://" + "a" * 108, "bad-none": "tcp://a",
}.items():
    seed("address", name, text)

# --- tensors -------------------------------------------------------------------------------------


def npy(descr, order, shape, data, version=1):
    text = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    length = 10 if version == 1 else 12
    text += b" " * (63 - (length + len(text)) % 64) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


floats = struct.pack("<6f", 1, 2, 3, 4, 5, 6)
seed("npy", "ok-matrix", npy("<f4", False, "(2, 3)", floats))
seed("npy", "ok-vector", npy("<i8", True, "(3,)", floats))
seed("npy", "ok-scalar", npy("|u1", False, "()", b"x"))
seed("npy", "ok-empty", npy("<f8", False, "(0, 5)", b""))
seed("npy", "ok-version-2", npy("<f2", False, "(2, 3)", floats, 2))
seed("npy", "ok-version-3", npy("<f4", False, "(2, 3)", floats, 3))
seed("npy", "bad-short", npy("<f4", False, "(2, 4)", floats))
seed("npy", "bad-overflow", npy("<f8", False, "(4611686018427387904, 4)", floats))
seed("npy", "bad-type", npy("|O", False, "(1,)", floats))
seed("npy", "bad-big-endian", npy(">f4", False, "(2, 3)", floats))
seed("npy", "bad-length", b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{}")


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


both = {"__metadata__": {"a": "\u00e9\\\n"}, "x": tensor("F32", [2, 3], 0, 24),
        "y": tensor("U8", [5], 24, 29)}
seed("safetensors", "ok-two", safetensors(both, floats + b"words"))
seed("safetensors", "ok-none", safetensors({}))
seed("safetensors", "ok-padded", safetensors(b'{"x":{"dtype":"BF16","shape":[],'
                                             b'"data_offsets":[0,2]}}    ', b"ab"))
seed("safetensors", "ok-zero", safetensors({"x": tensor("I64", [0, 7], 0, 0)}))
seed("safetensors", "bad-overlap", safetensors(
    {"x": tensor("F32", [2, 3], 0, 24), "y": tensor("U8", [5], 20, 25)}, floats + b"w"))
seed("safetensors", "bad-hole", safetensors({"x": tensor("U8", [2], 1, 3)}, b"abc"))
seed("safetensors", "bad-shape", safetensors({"x": tensor("F32", [2**62, 4], 0, 0)}))
seed("safetensors", "bad-length", struct.pack("<Q", 2**63) + b"{}")
seed("safetensors", "bad-twice", safetensors(
    b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
    b'"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', b"ab"))
seed("safetensors", "bad-depth", safetensors(b"{" * 1000))


def counts(words, order=0, width=4):
    keys = b"".join(word for word, _ in words)
    total = sum(count for _, count in words)
    offsets = [0]
    for word, _ in words:
        offsets.append(offsets[-1] + len(word))
    head = struct.pack("<12Q", 0x5354_4E43_4E44_4E53, 1, order, len(words), len(keys), width,
                       total, 3, 0, 0, total, 0)
    body = struct.pack(f"<{len(words)}Q", *(count for _, count in words))
    body += struct.pack(f"<{len(offsets)}{'I' if width == 4 else 'Q'}", *offsets)
    return head + body + keys


by_key = [(b"cat", 3), (b"dog", 9), (b"\xc3\xa9", 1)]
by_rank = [(b"dog", 9), (b"cat", 3), (b"\xc3\xa9", 1)]
seed("count-table", "ok-by-key", counts(by_key))
seed("count-table", "ok-by-rank", counts(by_rank, 1))
seed("count-table", "ok-wide", counts(by_key, 0, 8))
seed("count-table", "ok-empty", counts([]))
seed("count-table", "bad-order", counts(by_rank))
seed("count-table", "bad-total", counts(by_key).replace(struct.pack("<Q", 13), b"\xff" * 8))
seed("count-table", "bad-entries", counts(by_key)[:24] + b"\xff" * 8 + counts(by_key)[32:])
seed("count-table", "bad-short", counts(by_key)[:-1])


def delta(rows, dim, present, values):
    """The row numbers are padded to whole lines of 64 bytes."""
    head = struct.pack("<4sIQIIQ", b"SRDL", 1, rows, dim, len(present), 0)
    head += struct.pack(f"<{len(present)}I", *present)
    head += b"\0" * (-len(head) % 64)
    return head + struct.pack(f"<{len(values)}H", *values)


one = 0x3F80
seed("row-delta", "ok-two", delta(9, 3, [1, 4], [one] * 6))
seed("row-delta", "ok-none", delta(9, 3, [], []))
seed("row-delta", "bad-order", delta(9, 3, [4, 1], [one] * 6))
seed("row-delta", "bad-row", delta(9, 3, [1, 9], [one] * 6))
seed("row-delta", "bad-infinite", delta(9, 3, [1, 4], [one] * 5 + [0x7F80]))
seed("row-delta", "bad-dim", delta(9, 0xFFFFFFFF, [1, 4], [one] * 6))


def int8_delta(rows, dim, present, scales, values):
    """Version 2: a scale for each row behind the row numbers."""
    head = struct.pack("<4sIQIIQ", b"SRDL", 2, rows, dim, len(present), 0)
    head += struct.pack(f"<{len(present)}I{len(scales)}f", *present, *scales)
    head += b"\0" * (-len(head) % 64)
    return head + struct.pack(f"<{len(values)}b", *values)


seed("row-delta", "ok-int8", int8_delta(9, 3, [1, 4], [0.5, 0], [1, -127, 127, 0, 0, -128]))
seed("row-delta", "bad-int8-scale", int8_delta(9, 3, [1, 4], [0.5, float("nan")], [1] * 6))
seed("row-delta", "bad-int8-negative", int8_delta(9, 3, [1, 4], [0.5, -1], [1] * 6))
seed("row-delta", "bad-int8-short", int8_delta(9, 3, [1, 4], [0.5, 1], [1] * 5))


def number(value):
    """Groups of seven bits, the lowest first."""
    groups = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([g | 0x80 for g in groups[:-1]] + groups[-1:])


def pairs(vocabulary, parts, symmetric=1, total=None):
    """Parts of (row, column, sum), sorted."""
    bodies, count = [], 0
    for part in parts:
        body, row, column = b"", -1, 0
        for r, c, s in part:
            if r != row:
                body += number(c << 1 | 1) + number(r - row)
            else:
                body += number(c - column << 1)
            body, row, column, count = body + number(s), r, c, count + 1
        bodies.append(body)
    head = struct.pack(
        "<8s7Q", b"SNDNPAIR", 1, vocabulary, len(parts), count if total is None else total,
        symmetric, 20, 0)
    for body, part in zip(bodies, parts):
        head += struct.pack("<2Q", len(body), len(part))
    return head + b"".join(bodies)


some = [(0, 1, 1 << 20), (0, 7, 3), (2, 2, 5 << 20)]
seed("pairs", "ok-two-parts", pairs(9, [some, [(1, 3, 1 << 60)]]))
seed("pairs", "ok-left", pairs(9, [[(4, 1, 1 << 20), (5, 0, 9)]], symmetric=0))
seed("pairs", "ok-none", pairs(9, [[], []]))
seed("pairs", "bad-word", pairs(7, [some]))
seed("pairs", "bad-side", pairs(9, [[(4, 1, 1 << 20)]]))
seed("pairs", "bad-zero", pairs(9, [[(1, 4, 0)]]))
seed("pairs", "bad-total", pairs(9, [some], total=4))
seed("pairs", "bad-short", pairs(9, [some])[:-1])
seed("pairs", "bad-long", pairs(9, [some]) + b"\0")
seed("pairs", "bad-column", pairs(9, [[(1, 4, 9), (1, 4, 9)]]))

# --- vectors -------------------------------------------------------------------------------------

rows = [(b"cat", (1.0, -2.5)), (b"\xc3\xa9t\xc3\xa9", (0.25, 1e-30))]
binary = b"2 2\n" + b"".join(w + b" " + struct.pack("<2f", *v) + b"\n" for w, v in rows)
bare = b"2 2\n" + b"".join(w + b" " + struct.pack("<2f", *v) for w, v in rows)
text = b"2 2\n" + b"".join(w + b" %g %g\n" % v for w, v in rows)
seed("vectors-binary", "ok-newlines", binary)
seed("vectors-binary", "ok-without", bare)
seed("vectors-binary", "bad-none", b"0 5\n")
seed("vectors-binary", "bad-rows", b"999999999999999999 2\n" + bare[4:])
seed("vectors-binary", "bad-dimensions", b"1 999999999999999999\n" + bare[4:])
seed("vectors-binary", "bad-short", binary[:-3])
seed("vectors-text", "ok-plain", text)
seed("vectors-text", "ok-carriage", text.replace(b"\n", b" \r\n"))
seed("vectors-text", "ok-exponents", b"1 4\nx 1e5 -.5 1.25E-40 123456789.123456789\n")
seed("vectors-text", "bad-dimensions", b"1 3\nx 1 2\n")
seed("vectors-text", "bad-number", b"1 2\nx 1 two\n")
seed("vectors-text", "bad-rows", b"9 2\nx 1 2\n")
matrix = struct.pack("<4f", 1, 2, 3, 4)
vocabulary = b"cat\ndog"
table = {"vectors": tensor("F32", [2, 2], 0, 16), "counts": tensor("I64", [2], 16, 32),
         "vocabulary": tensor("U8", [7], 32, 39)}
seed("vectors-any", "ok-binary", binary)
seed("vectors-any", "ok-text", text)
seed("vectors-any", "ok-glove", text[4:])
seed("vectors-any", "ok-safetensors",
     safetensors(table, matrix + struct.pack("<2q", 5, 3) + vocabulary) + b"\xff")
seed("vectors-any", "ok-npy", npy("<f4", False, "(2, 2)", matrix) + b"\xffcat 5\ndog 3\n")
seed("vectors-any", "ok-npy-double", npy("<f8", False, "(1, 2)", matrix) + b"\xffcat 5\n")
seed("vectors-any", "bad-npy-words", npy("<f4", False, "(2, 2)", matrix) + b"\xffcat 5\n")
seed("vectors-any", "bad-npy-wide", npy("<f4", False, "(0, 9223372036854775807)", b"") + b"\xff")
seed("vectors-any", "bad-fasttext", b"\xba\x16\x4f\x2f")


def checkpoint(subwords=None, rows=2, counts=(5, 3), words=b"cat\ndog", value=1.0):
    """Two words of two numbers, and rows of n-grams behind them."""
    kind = {"architecture": "skip-gram", "dimension": 2}
    if subwords:
        kind["subwords"] = dict(zip(("minimumLength", "maximumLength", "buckets"), subwords))
    matrices = struct.pack(f"<{2 * rows + 4}f", *[value] * (2 * rows + 4))
    data = struct.pack("<2q", *counts) + matrices + words
    compact = {"sort_keys": True, "separators": (",", ":")}
    digest = hashlib.sha256(json.dumps(kind, **compact).encode() + data).hexdigest()
    mark = {"format": "sounder-words-1", "model": kind, "sha256": digest}
    output = 16 + 8 * rows
    return safetensors({
        "__metadata__": {"sounder": json.dumps(mark, **compact)},
        "counts": tensor("I64", [2], 0, 16), "input": tensor("F32", [rows, 2], 16, output),
        "output": tensor("F32", [2, 2], output, output + 16),
        "vocabulary": tensor("U8", [len(words)], output + 16, output + 16 + len(words))}, data)


seed("word-checkpoint", "ok-words", checkpoint())
seed("word-checkpoint", "ok-ngrams", checkpoint((3, 6, 1), rows=3))
seed("word-checkpoint", "bad-rows", checkpoint((3, 6, 1), rows=4))
# Six different n-grams: nothing but the number of buckets is wrong.
seed("word-checkpoint", "bad-buckets", checkpoint((3, 3, 100_000_000), rows=8))
seed("word-checkpoint", "bad-order", checkpoint(counts=(3, 5)))
seed("word-checkpoint", "bad-count", checkpoint(counts=(5, -3)))
seed("word-checkpoint", "bad-words", checkpoint(words=b"cat\ncat"))
seed("word-checkpoint", "bad-infinite", checkpoint(value=float("inf")))
seed("word-checkpoint", "bad-short", checkpoint()[:-1])


def fasttext(entries, dim=2, buckets=3, version=12, pruned=-1, lengths=(2, 3), words=None,
             flag=0, model=2):
    """A model as fastText lays it out; without a version it is one of the time before."""
    words = len(entries) if words is None else words
    fields = (dim, 5, 5, 1, 5, 1, 2, model, buckets, *lengths, 100)
    data = b"" if version is None else struct.pack("<2i", 793712314, version)
    data += struct.pack("<12id", *fields, 1e-4) + struct.pack("<3iq", words, words, 0, 30)
    data += b"" if version is None else struct.pack("<q", pruned)
    for word, count in entries:
        data += word + b"\0" + struct.pack("<qb", count, 0)
    data += struct.pack(f"<{2 * max(pruned, 0)}i", *range(2 * max(pruned, 0)))
    for rows in (words + buckets, words):
        data += b"" if version is None else bytes([flag])
        data += struct.pack("<2q", rows, dim)
        data += struct.pack(f"<{rows * dim}f", *(0.5 * i for i in range(rows * dim)))
    return data


counted = [(b"cat", 9), (b"\xc3\xa9t\xc3\xa9", 4), (b"</s>", 2)]
plain = fasttext(counted)
seed("vectors-any", "ok-fasttext", plain + b"\xff")
seed("fasttext", "ok-ngrams", plain)
seed("fasttext", "ok-old", fasttext(counted, version=None))
seed("fasttext", "ok-version-11", fasttext(counted, version=11))
seed("fasttext", "ok-words", fasttext(counted, buckets=0, lengths=(0, 0)))
seed("fasttext", "ok-none", fasttext([], buckets=1))
seed("fasttext", "bad-version", fasttext(counted, version=13))
seed("fasttext", "bad-quantised", fasttext(counted, flag=1))
seed("fasttext", "bad-pruned", fasttext(counted, pruned=2))
seed("fasttext", "bad-buckets", fasttext(counted, buckets=0))
seed("fasttext", "bad-lengths", fasttext(counted, lengths=(3, 2**31 - 1)))
seed("fasttext", "bad-count", fasttext([(b"cat", -1)]))
seed("fasttext", "bad-model", fasttext(counted, model=4))
shape = struct.pack("<2q", 6, 2)
seed("fasttext", "bad-rows", plain.replace(shape, struct.pack("<2q", 2**62, 2)))
seed("fasttext", "bad-negative", plain.replace(shape, struct.pack("<2q", -6, -2)))
sizes = struct.pack("<3i", 3, 3, 0)
seed("fasttext", "bad-words", plain.replace(sizes, struct.pack("<3i", 2**31 - 1, 2**31 - 1, 0)))
seed("fasttext", "bad-short", plain[:-1])
seed("fasttext", "bad-more", plain + b"\0")
seed("vectors-any", "bad-wide", b"0 999999999999999999\n")


def ids(numbers, vocabulary=3, words=None, sentences=None):
    words = sum(number >= 0 for number in numbers) if words is None else words
    sentences = numbers.count(-1) if sentences is None else sentences
    return struct.pack("<8Q", 0x3153_4449_444E_4453, 1, len(numbers), words, sentences, vocabulary,
                       0, 0) + struct.pack(f"<{len(numbers)}i", *numbers)


seed("id-stream", "ok-two", ids([0, 2, 1, -1, 2, -1]))
seed("id-stream", "ok-none", ids([]))
seed("id-stream", "bad-id", ids([0, 3, -1]))
seed("id-stream", "bad-minus", ids([0, -2, -1]))
seed("id-stream", "bad-count", ids([0, -1])[:16] + b"\xff" * 8 + ids([0, -1])[24:])
seed("id-stream", "bad-vocabulary", ids([0, -1], 2**63))

# --- text ----------------------------------------------------------------------------------------

strange = (b"plain words\nand\tmore\x0b of\x0cthem\r\n\0zero \xc3\xa9t\xc3\xa9 \xff\xfe \xe2\x82 "
           b"\xf0\x9f\x98\x80 \xed\xa0\x80 \xc0\x80 \xf4\x90\x80\x80 plain")
for edges in range(4):
    seed("tokens", f"ok-edges-{edges}", bytes([edges]) + strange)
seed("tokens", "ok-long", b"\0" + b"a" * 1025 + b" " + b"b" * 1024 + b" " + b"\xff" * 342)
seed("tokens", "ok-sixteen", b"\0" + b"0123456789abcdef 0123456789abcdefg 0123456789abcde")
seed("tokens", "bad-empty", b"")
seed("corpus", "ok-one", b"\x03" + strange.replace(b"\xff", b""))
seed("corpus", "ok-files", b"\x00\xef\xbb\xbfa b\xff\xff\xef\xbb\xbfc")
seed("corpus", "ok-lines", b"\x07" + b"one two\nthree\n\nfour" * 8)
seed("corpus", "ok-endless", b"\x10" + b"x" * 1100 + b" y")
seed("corpus", "bad-empty", b"")


def zstd(data, *flags):
    return subprocess.run(["zstd", "-q", "-c", *flags], input=data, capture_output=True,
                          check=True).stdout


plain = b"some words and some more words\n" * 9
packed = gzip.compress(plain, mtime=0)
named = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x03\0abc" + b"name\0" + b"comment\0"
named += struct.pack("<H", zlib.crc32(named) & 0xFFFF) + packed[10:]
seed("compressed", "ok-gzip", packed)
seed("compressed", "ok-gzip-fields", named)
seed("compressed", "ok-gzip-members", packed + packed + bytes(20))
seed("compressed", "ok-zstd", zstd(plain, "--check"))
seed("compressed", "ok-zstd-frames", zstd(plain) + b"\x5a\x2a\x4d\x18\x03\0\0\0abc" + zstd(b""))
seed("compressed", "bad-gzip-short", packed[:-5])
seed("compressed", "bad-gzip-check", packed[:-8] + bytes(4) + packed[-4:])
seed("compressed", "bad-gzip-rest", packed + b"rest")
seed("compressed", "bad-zstd-short", zstd(plain)[:-5])
seed("compressed", "bad-zstd-bomb", zstd(bytes(1 << 21)))
seed("compressed", "bad-plain", plain)

seed("questions", "ok-analogies", b": capital\nathens greece oslo norway\n: gram1\na b c d\n")
seed("questions", "ok-similarity", b"# words\ncat\tdog\t7.5\ncat,tiger,8\n\ntoo few\n")

# --- documents -----------------------------------------------------------------------------------

# The first byte: format (0 jsonl, 1 txt, 2 tsv, 3 csv) and 4 times the bytes of a chunk.
beir = (b'\x40{"_id": "d1", "title": "A \\u00e9\\ud83d\\ude00", "text": "b\\n", "metadata": {"x": [1]}}\r\n'
        b'\n{"text":"c","_id":2}')
seed("documents", "ok-jsonl", beir)
seed("documents", "ok-jsonl-repaired", b'\x00{"_id": "d", "text": "a\xff\xe2\x82 \\ud800"}')
seed("documents", "ok-txt", b"\x05\xef\xbb\xbfone\r\n\n two\nthree\0")
seed("documents", "ok-tsv", b'\x06' + b'7\t"a"\t b\n8\tc')
seed("documents", "ok-csv", b'\x07title,id,text\n"a, ""b""",1,"c\r\nd"\r\n,2,e"f\n')
seed("documents", "ok-jsonl-fields", b'\x20{"_id": "d", "text": "a", "f": ["x", "\\u00e9"], '
     b'"strings": "y", "n": -2.5e3, "i": 9223372036854775807, "b": false}\n'
     b'{"_id": "e", "text": "b", "f": null, "strings": [ ], "n": 0, "b": true}')
for name, value in {"nested": '"f": [["x"]]', "object": '"f": {}', "wide": '"f": 9223372036854775808',
                    "kind": '"i": 2.0', "infinite": '"n": 1e999', "list": '"strings": ["a" "b"]'}.items():
    seed("documents", f"bad-jsonl-field-{name}",
         b'\x00{"_id": "d", "text": "a", ' + value.encode() + b"}")
seed("documents", "bad-jsonl-list", b'\x00[1]\n')
seed("documents", "bad-jsonl-depth", b'\x00{"a":' + b"[" * 2000)
seed("documents", "bad-jsonl-surrogate", b'\x00{"_id": "a", "text": "\\ud83d\\u12"}')
seed("documents", "bad-jsonl-empty", b'\x00{"_id": "a", "text": " "}')
seed("documents", "bad-tsv", b"\x02one\n")
seed("documents", "bad-csv-header", b"\x03a,b\n1,2\n")
seed("documents", "bad-csv-quote", b'\x03id,text\n1,"a"b\n')
seed("documents", "bad-csv-open", b'\x03id,text\n1,"a\n2,b\n')


def encoded(documents, skipped, rows, row=b"\0\0\x80\x3f", dimension=1):
    """Head padded to 64 bytes, then the rows."""
    q = lambda *numbers: struct.pack(f"<{len(numbers)}Q", *numbers)
    body = q(dimension, len(row), 256, 0, len(documents))
    for identifier, record, line, count, tokens, cut in documents:
        body += q(record, line, count, tokens, cut, len(identifier)) + identifier
    body += q(len(skipped))
    for record, line, identifier, reason in skipped:
        body += q(record, line, len(identifier)) + identifier + q(len(reason)) + reason
    head = 16 + len(body)
    padding = -head % 64
    return b"SndEnc02" + q(head + padding) + body + bytes(padding) + row * rows


both = [(b"d1", 0, 1, 1, 9, 0), (b"d\xc3\xa9", 2, 3, 2, 700, 1)]
seed("encoded-documents", "ok-two", encoded(both, [(1, 2, b"", b"the document is empty")], 3))
seed("encoded-documents", "ok-none", encoded([], [], 0))
seed("encoded-documents", "bad-rows", encoded(both, [], 2))
seed("encoded-documents", "bad-many", encoded([(b"d", 0, 1, 2**32, 1, 0)], [], 1))
seed("encoded-documents", "bad-wide", encoded(both, [], 3, dimension=2**40))
seed("encoded-documents", "bad-short", encoded(both, [], 3)[:100])
seed("encoded-documents", "bad-other", b"\x93NUMPY" + bytes(200))

# --- filters and what they ask -------------------------------------------------------------------

for name, text in {
    "readme": 'year >= 2019 and (lang = "en" or lang = "de") and not topics in ("x", "y")',
    "quotes": "lang = 'it\\'s' or lang != \"\\\"\" or `weird \\` name` < 3",
    "numbers": "score > -1.5e3 and year <= 9223372036854775807 and a not in (1, .5, +2)",
    "words": "HAS (a) AND Not open = TRUE Or has = 1 and gr\u00f6\u00dfe == 'x'",
    "deep": "(" * 64 + "a = 1" + ")" * 64, "types": "lang = 3",
}.items():
    seed("filter", f"ok-{name}", text)
for name, text in {
    "empty": " ", "cut": "year >= ", "open": "lang = 'en", "sign": "a =! 1", "list": "a in (1,)",
    "deep": "(" * 65 + "a = 1" + ")" * 65, "not": "not " * 65 + "a = 1", "date": "a = 2019-01-01",
    "more": "a = 1 b = 2", "word": "and = 1", "bytes": b"a = \xff\x00",
}.items():
    seed("filter", f"bad-{name}", text)


def fnv(data, step=1):
    total = 0xCBF29CE484222325
    for at in range(0, len(data), step):
        word = int.from_bytes(data[at:at + step], "little")
        total = ((total ^ word) * 0x100000001B3) % 2**64
    return total


def padded(data):
    return data + bytes(-len(data) % 8)


def fields(passages, columns, version=1, count=None):
    """A table; a column is name, type, data, present, strings, values."""
    names = b"".join(name for name, *_ in columns)
    names_at = 48 + 64 * len(columns)
    head_bytes = len(padded(bytes(names_at) + names))
    entries, body, at = b"", b"", names_at
    for name, kind, data, present, strings, values in columns:
        data = padded(data)
        entries += struct.pack(
            "<IIQQQQQQQ", kind, len(name), at, head_bytes + len(body), len(data), fnv(data, 8),
            present, strings, values)
        body += data
        at += len(name)
    start = b"SNDRMETA" + struct.pack(
        "<IIQQ", version, len(columns) if count is None else count, passages,
        head_bytes + len(body))
    rest = struct.pack("<Q", head_bytes) + entries + names
    zeros = padded(start + bytes(8) + rest)
    return start + struct.pack("<Q", fnv(zeros)) + rest + bytes(-len(start + rest) % 8) + body


def dictionary(*strings):
    ends = [sum(map(len, strings[:index])) for index in range(len(strings) + 1)]
    return struct.pack(f"<{len(ends)}Q", *ends), padded(b"".join(strings))


q = lambda *numbers: struct.pack(f"<{len(numbers)}q", *numbers)
starts, text = dictionary(b"de", b"en", b"fr")
lang = q(0b1101) + starts + padded(bytes([1, 0, 2, 1])) + text
starts, text = dictionary(b"", b"x")
topics = q(0b0110) + starts + padded(struct.pack("<5I", 0, 0, 1, 3, 3)) + padded(b"\1\0\1") + text
good = [
    (b"year", 3, q(0b0111) + q(2019, -1, 2**63 - 1, 0), 3, 0, 0),
    (b"score", 4, q(0b1010) + struct.pack("<4d", 0, 0.5, 0, -3e100), 2, 0, 0),
    (b"open", 5, q(0b1111) + q(0b0101), 4, 0, 0), (b"never", 0, q(0), 0, 0, 0),
    (b"lang", 1, lang, 3, 3, 0), (b"to`p\\ics", 2, topics, 2, 2, 3),
]
seed("fields", "ok-all", fields(4, good))
seed("fields", "ok-none", fields(4, []))
seed("fields", "ok-no-passages", fields(0, [(b"a", 0, b"", 0, 0, 0), (b"b", 3, b"", 0, 0, 0)]))
seed("fields", "bad-version", fields(4, good, version=2))
seed("fields", "bad-count", fields(4, good, count=2**32 - 1))
seed("fields", "bad-passages", fields(2**32 - 2, good))
seed("fields", "bad-cut", fields(4, good)[:-8])
seed("fields", "bad-sum", fields(4, good)[:-1] + b"\x01")
seed("fields", "bad-twice", fields(4, [good[0], good[0]]))
seed("fields", "bad-type", fields(4, [(b"a", 6, q(0), 0, 0, 0)]))
seed("fields", "bad-nan", fields(1, [(b"a", 4, q(1) + struct.pack("<d", float("nan")), 1, 0, 0)]))
seed("fields", "bad-present", fields(4, [(b"a", 0, q(1), 3, 0, 0)]))
seed("fields", "bad-code", fields(4, [(b"a", 1, lang.replace(b"\1\0\2\1", b"\1\0\3\1"), 3, 3, 0)]))
unsorted, text = dictionary(b"en", b"de", b"fr")
seed("fields", "bad-order", fields(4, [
    (b"a", 1, q(0b1101) + unsorted + padded(bytes([1, 0, 2, 1])) + text, 3, 3, 0)]))
seed("fields", "bad-strings", fields(4, [(b"a", 1, lang, 3, 2**47, 0)]))
seed("fields", "bad-ends", fields(4, [(b"a", 2, topics.replace(
    struct.pack("<5I", 0, 0, 1, 3, 3), struct.pack("<5I", 0, 9, 1, 3, 3)), 2, 2, 3)]))

# --- the ledger ----------------------------------------------------------------------------------


def number(value):
    """Seven bits a byte, the lowest first."""
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def words(value):
    return number(len(value)) + value


def entry(kind, body):
    return number(kind) + words(body)


attempt = number(3) + number(500) + number(2) + number(1) + struct.pack("<Q", 2**64 - 1)
outcome = (number(1) + words(b"p-1") + number(4096) + struct.pack("<Q", 7)
           + number(1) + words(b"loss") + struct.pack("<d", 2.5))
fault = json.dumps(FAULT).encode()
summary = json.dumps({
    "number": 3, "stage": "training", "index": 0, "count": 9, "units": 4,
    "measures": {"loss": 2.5}}).encode()
assigned = entry(2, attempt + words(b"w-1"))
done = entry(3, attempt + outcome)
seed("journal", "ok-assigned", assigned)
seed("journal", "ok-done", done)
seed("journal", "ok-failed", entry(4, attempt + words(b"w-1") + words(fault)))
seed("journal", "ok-lost", entry(5, attempt + words(b"w-1") + words(fault)))
seed("journal", "ok-split", entry(6, number(1) + number(9)))
seed("journal", "ok-reduced", entry(7, number(12)))
seed("journal", "ok-many", assigned + assigned + done + entry(7, number(12)))
seed("journal", "ok-none", b"")
seed("journal", "ok-round", entry(1, words(summary)))
seed("journal", "bad-kind", entry(9, number(12)))
seed("journal", "bad-many", entry(3, attempt + number(2**63 - 1)))
seed("journal", "bad-long", entry(2, attempt + number(2**63 - 1) + b"w"))
seed("journal", "bad-rest", entry(7, number(12) + b"x"))
seed("journal", "bad-number", entry(7, b"\xff" * 11))
seed("journal", "bad-part", number(2) + number(2**63 - 1) + b"x")

# --- keys ----------------------------------------------------------------------------------------

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def z85(data):
    """ZeroMQ RFC 32: four bytes, most significant first, as five digits."""
    out = ""
    for (value,) in struct.iter_unpack(">I", data):
        out += "".join(DIGITS[value // 85**power % 85] for power in (4, 3, 2, 1, 0))
    return out


def x25519_public(secret):
    """RFC 7748, section 5: the ladder from the base point 9."""
    prime = 2**255 - 19
    scalar = int.from_bytes(secret, "little") & ~7 & (2**255 - 1) | 2**254
    x2, z2, x3, z3, swapped = 1, 0, 9, 1, 0
    for bit in reversed(range(255)):
        if swapped != (scalar >> bit & 1):
            x2, z2, x3, z3 = x3, z3, x2, z2
            swapped ^= 1
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % prime, 9 * (da - cb) ** 2 % prime
        x2, z2 = aa * bb % prime, e * (aa + 121665 * e) % prime
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, prime - 2, prime) % prime).to_bytes(32, "little")


secrets = [hashlib.sha256(b"seed %d" % index).digest() for index in range(3)]
hidden = [z85(secret) for secret in secrets]
shown = [z85(x25519_public(secret)) for secret in secrets]
pair = f"# comment\nname node7\nrole worker\npublic {shown[0]}\n"
seed("key-file", "ok-public", pair)
seed("key-file", "ok-pair", pair + f"secret {hidden[0]}\nreach loopback\n")
seed("key-file", "ok-coordinator", pair.replace("worker", "coordinator"))
seed("key-file", "ok-others", pair + f"secret {hidden[1]}\n")
seed("key-file", "bad-name", pair.replace("node7", "../node7"))
seed("key-file", "bad-twice", pair + "role admin\n")
seed("key-file", "bad-short", pair[:-2])
seed("key-file", "bad-digit", pair.replace(shown[0], "~" * 40))
seed("key-file", "bad-large", pair.replace(shown[0], "#" * 40))
lines = [f"{role} {key} {role}-1\n" for role, key in zip(("worker", "client", "admin"), shown)]
seed("authorized-keys", "ok-three", "# comment\n\n" + "".join(lines))
seed("authorized-keys", "ok-none", "")
seed("authorized-keys", "bad-role", lines[0].replace("worker ", "boss "))
seed("authorized-keys", "bad-twice", lines[0] + lines[0].replace("worker-1", "worker-2"))
seed("authorized-keys", "bad-words", lines[0][:-1] + " more\n")
seed("authorized-keys", "bad-key", f"worker {shown[0][:-1]} w\n")

# --- metrics -------------------------------------------------------------------------------------

get = b"GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
seed("http", "ok-get", get)
seed("http", "ok-newlines", get.replace(b"\r", b"").replace(b"1.1", b"1.0"))
seed("http", "bad-short", get[:-2])
seed("http", "bad-post", get.replace(b"GET", b"POST"))
seed("http", "bad-tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
seed("http", "bad-version", get.replace(b"1.1", b"2.0"))
seed("http", "bad-path", get.replace(b"/metrics", b"http://a/"))
seed("http", "bad-empty", b"")

# --- tokenizers ----------------------------------------------------------------------------------

SPECIALS = {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}}
TEMPLATE = {
    "type": "TemplateProcessing", "special_tokens": SPECIALS,
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
               {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
}
ADDED = {
    "id": 9, "content": "[MASK]", "single_word": False, "lstrip": True, "rstrip": False,
    "normalized": False, "special": True,
}
PIECES = ["[UNK]", "[CLS]", "h", "##e", "l", "##l", "o", ",", "a", "##a"]
WORD_PIECE = {
    "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100, "vocab": {piece: id for id, piece in enumerate(PIECES)},
}
LETTERS = ["<unk>", "a", "b", "\u0120", "aa", "aaaa", "1", "<0x00>", "l", "ll"]
BYTE_PAIR = {
    "type": "BPE", "dropout": None, "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True,
    "ignore_merges": False, "vocab": {piece: id for id, piece in enumerate(LETTERS)},
    "merges": [["a", "a"], ["aa", "aa"], ["l", "l"]],
}
UNIGRAM = {
    "type": "Unigram", "unk_id": 0, "byte_fallback": False,
    "vocab": [["<unk>", 0.0], ["\u2581", -2.5], ["a", -3e0], ["aa", -4.25], ["\u2581w", -1]],
}
# A trie of one key: unit 0 leads to the offset 1; unit 1 ^ 0x61 has the label of "a".
UNITS = [0] * 256
UNITS[0] = 1 << 10
UNITS[1 ^ 0x61] = 0x61 | 1 << 8 | (0x60 ^ 2) << 10
UNITS[(1 ^ 0x61) ^ (0x60 ^ 2)] = 1 << 31 | 0
CHARACTER_MAP = struct.pack("<I256I", 1024, *UNITS) + b"b\0"
GPT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def tokenizer(model, normalizer=None, pre=None, post=None, added=()):
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": list(added),
        "normalizer": normalizer, "pre_tokenizer": pre, "post_processor": post, "decoder": None,
        "model": model})


def steps(kind, *list_):
    key = "normalizers" if kind == "normalizer" else "pretokenizers"
    return {"type": "Sequence", key: [
        {"type": step} if isinstance(step, str) else step for step in list_]}


BERT = {
    "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
    "strip_accents": None, "lowercase": True,
}
META = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
SPLIT = {"type": "Split", "pattern": {"Regex": GPT}, "behavior": "Isolated", "invert": False}
MAP = {"type": "Precompiled",
       "precompiled_charsmap": base64.b64encode(CHARACTER_MAP).decode()}
REPLACE = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
good = {
    "bert": tokenizer(WORD_PIECE, BERT, {"type": "BertPreTokenizer"}, TEMPLATE, [ADDED]),
    "gpt2": tokenizer(dict(BYTE_PAIR, merges=["a a", "l l"]), None, BYTE_LEVEL),
    "llama": tokenizer(BYTE_PAIR, steps("normalizer", "NFC"), steps(
        "pre", SPLIT, dict(BYTE_LEVEL, use_regex=False))),
    "gemma": tokenizer(BYTE_PAIR, dict(REPLACE, pattern={"String": " "}, content="\u2581")),
    "map": tokenizer(UNIGRAM, steps("normalizer", MAP, REPLACE), META, {
        "type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]}),
    "forms": tokenizer(UNIGRAM, steps(
        "normalizer", "NFKD", "StripAccents", "Lowercase", "NFKC", "Nmt", "NFD", "ByteLevel",
        {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "Prepend", "prepend": "\u2581"}), steps(
            "pre", "WhitespaceSplit", "Punctuation", {"type": "Digits", "individual_digits": True})),
    "level": tokenizer(
        {"type": "WordLevel", "vocab": {"a": 0, "<unk>": 1}, "unk_token": "<unk>"}, None,
        {"type": "Whitespace"}, None, [dict(ADDED, normalized=True, single_word=True)]),
}
for name, text in good.items():
    seed("tokenizer-json", f"ok-{name}", text)
seed("tokenizer-json", "bad-merge", tokenizer(dict(BYTE_PAIR, merges=["a z"])))
seed("tokenizer-json", "bad-model", tokenizer({"type": "None"}))
seed("tokenizer-json", "bad-map", good["map"].replace(MAP["precompiled_charsmap"][:8], "AAAAAAAA"))
seed("tokenizer-json", "bad-deep", "[" * 200)
seed("tokenizer-json", "bad-cut", good["bert"][:-2])

# --- folders of models ---------------------------------------------------------------------------

# The sizes are those of the weights that the target puts beside the files.
ENCODER = {
    "architectures": ["BertModel"], "hidden_act": "gelu", "hidden_size": 4,
    "intermediate_size": 8, "layer_norm_eps": 1e-12, "max_position_embeddings": 16,
    "model_type": "bert", "num_attention_heads": 2, "num_hidden_layers": 1, "pad_token_id": 0,
    "position_embedding_type": "absolute", "type_vocab_size": 2, "vocab_size": 13,
}
DECODER = {
    "architectures": ["Qwen3ForCausalLM"], "attention_bias": False, "head_dim": 4,
    "hidden_act": "silu", "hidden_size": 4, "intermediate_size": 8,
    "layer_types": ["full_attention"], "max_position_embeddings": 40, "max_window_layers": 28,
    "model_type": "qwen3", "num_attention_heads": 2, "num_hidden_layers": 1,
    "num_key_value_heads": 1, "rms_norm_eps": 1e-6, "sliding_window": None,
    "rope_parameters": {"rope_theta": 1e4, "rope_type": "default"}, "vocab_size": 13,
}
MODERN = {
    "architectures": ["ModernBertModel"], "attention_bias": False, "global_attn_every_n_layers": 3,
    "global_rope_theta": 160000.0, "hidden_activation": "gelu", "hidden_size": 4,
    "intermediate_size": 8, "local_attention": 4, "local_rope_theta": 1e4,
    "max_position_embeddings": 32, "mlp_bias": False, "model_type": "modernbert",
    "norm_bias": False, "norm_eps": 1e-5, "num_attention_heads": 2, "num_hidden_layers": 2,
    "vocab_size": 13,
}
NOMIC = {
    "activation_function": "swiglu", "architectures": ["NomicBertModel"], "causal": False,
    "layer_norm_epsilon": 1e-12, "model_type": "nomic_bert", "n_embd": 4, "n_head": 2,
    "n_inner": 8, "n_layer": 1, "n_positions": 32, "prenorm": False, "qkv_proj_bias": False,
    "rotary_emb_base": 1000, "rotary_emb_fraction": 1.0, "rotary_emb_interleaved": False,
    "rotary_scaling_factor": None, "type_vocab_size": 2, "vocab_size": 13,
}
YARN = {
    "rope_theta": 1e4, "rope_type": "yarn", "factor": 4.0, "beta_fast": 32, "beta_slow": 1,
    "original_max_position_embeddings": 10, "mscale": 1.0, "mscale_all_dim": 0.5,
}
POOLING = {"word_embedding_dimension": 4, "pooling_mode": "mean", "include_prompt": False}
DENSE = {"in_features": 4, "out_features": 3, "bias": True,
         "activation_function": "torch.nn.modules.activation.Tanh"}
PLACES = ("config", "modules", "pooling", "tokenizer", "settings", "transformer", "artifact",
          "index", "dense", "mask")


def modules(*kinds):
    paths = {"Pooling": "1_Pooling", "Dense": "2_Dense", "MultiVectorMask": "3_Mask"}
    return [{"idx": index, "name": str(index), "path": paths.get(kind, ""),
             "type": "sentence_transformers.models." + kind} for index, kind in enumerate(kinds)]


def model_folder(**files):
    parts = [files.get(place, b"") for place in PLACES]
    texts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    while texts and not texts[-1]:
        texts.pop()
    return b"\xff".join(texts)


PLAIN = {"config": ENCODER}
SENTENCES = {
    "config": ENCODER, "modules": modules("Transformer", "Pooling", "Dense", "Normalize"),
    "pooling": POOLING, "dense": DENSE,
    "tokenizer": {"model_max_length": 1e30, "do_lower_case": True, "pad_token": "[PAD]",
                  "mask_token": {"content": "[MASK]", "special": True}},
    "settings": {"prompts": {"query": "a c ", "document": ""}, "default_prompt_name": "query",
                 "truncate_dim": 2},
    "transformer": {"max_seq_length": 12, "do_lower_case": False},
}
OLD_POOLING = {
    "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True,
    "pooling_mode_max_tokens": True, "pooling_mode_mean_sqrt_len_tokens": True,
    "pooling_mode_weightedmean_tokens": True, "pooling_mode_lasttoken": True}
COLBERT = {
    "config": dict(ENCODER, architectures=["HF_ColBERT"]),
    "artifact": {"query_token_id": "[unused0]", "doc_token_id": "[unused1]", "dim": 3,
                 "query_maxlen": 8, "doc_maxlen": 10, "mask_punctuation": True,
                 "attend_to_mask_tokens": False},
}
PYLATE = {
    "config": ENCODER, "modules": modules("Transformer", "Dense"), "dense": dict(
        DENSE, activation_function="torch.nn.modules.linear.Identity"),
    "settings": {"query_prefix": "[Q] ", "document_prefix": "[D] ", "query_length": 8,
                 "document_length": 10, "attend_to_expansion_tokens": True,
                 "skiplist_words": [",", "c"], "similarity_fn_name": "MaxSim"},
}
MASKED = {
    "config": ENCODER, "modules": modules("Transformer", "MultiVectorMask", "Normalize"),
    "mask": {"skiplist_words": [","], "skiplist_tasks": ["document"],
             "keep_only_token_ids": None},
    "transformer": {
        "transformer_task": "feature-extraction",
        "modality_config": {"text": {"method": "forward"}}, "query_length": 8,
        "query_expansion": {"strategy": "min", "attend": False, "token": None, "length": 6}},
}
PAIRS = {
    "config": dict(ENCODER, architectures=["BertForSequenceClassification"],
                   id2label={"0": "LABEL_0"}),
    "settings": {"activation_fn": "torch.nn.modules.activation.Sigmoid"},
}
SPLIT_WEIGHTS = {"config": ENCODER, "index": {
    "metadata": {"total_size": 1}, "weight_map": {"classifier.bias": "part.safetensors"}}}
for name, files in {
    "plain": PLAIN, "sentences": SENTENCES, "colbert": COLBERT, "pylate": PYLATE,
    "mask": MASKED, "pairs": PAIRS, "index": SPLIT_WEIGHTS,
    "poolings": dict(SENTENCES, pooling=OLD_POOLING, modules=modules("Transformer", "Pooling")),
    "decoder": {"config": DECODER}, "modern": {"config": MODERN}, "nomic": {"config": NOMIC},
    "window": {"config": dict(DECODER, sliding_window=2**63 - 1, use_sliding_window=True,
                              layer_types=["sliding_attention"], is_causal=False)},
    "yarn": {"config": dict(DECODER, rope_parameters=YARN)},
    "pairs-decoder": {"config": dict(
        DECODER, architectures=["Qwen3ForSequenceClassification"], num_labels=1)},
    "pairs-modern": {"config": dict(
        MODERN, architectures=["ModernBertForSequenceClassification"],
        classifier_pooling="mean")},
    # Where a length says more than the positions reach, or less than a text needs.
    "long": dict(SENTENCES, transformer={"max_seq_length": 2**62}),
    "short": dict(MASKED, transformer={"query_length": -5, "query_expansion": {
        "strategy": "min", "length": -(2**63)}}),
}.items():
    seed("model-folder", f"ok-{name}", model_folder(**files))
for name, files in {
    "head-width": {"config": dict(DECODER, head_dim=2**63 - 1)},
    "head-none": {"config": dict(DECODER, head_dim=0)},
    "head-share": {"config": dict(DECODER, num_key_value_heads=-1)},
    "heads": {"config": dict(ENCODER, num_attention_heads=3)},
    "layers": {"config": dict(ENCODER, num_hidden_layers=10_000_000)},
    "width": {"config": dict(ENCODER, hidden_size=2**62)},
    "positions": {"config": dict(ENCODER, max_position_embeddings=-(2**63))},
    "epsilon": {"config": dict(ENCODER, layer_norm_eps=1e300)},
    "padding": {"config": dict(ENCODER, model_type="roberta", pad_token_id=2**63 - 1)},
    "fraction": {"config": dict(NOMIC, rotary_emb_fraction=1e300)},
    "rope": {"config": dict(DECODER, rope_parameters={"rope_type": "yarn", "factor": 0})},
    "family": {"config": dict(ENCODER, model_type="t5")},
    "no-config": {"modules": modules("Transformer", "Pooling"), "pooling": POOLING},
    "outside": dict(SENTENCES, modules=[
        {"path": "", "type": "a.Transformer"}, {"path": "1_Pooling/../..", "type": "a.Pooling"}]),
    "no-pooling": dict(SENTENCES, pooling={}),
    "truncate": dict(SENTENCES, settings={"truncate_dim": -1}),
    "prompt": dict(SENTENCES, settings={"default_prompt_name": "nobody"}),
    "length": dict(SENTENCES, transformer={"max_seq_length": 0}),
    "dense": dict(SENTENCES, dense=dict(DENSE, in_features=2**63 - 1)),
    "dense-fits": dict(SENTENCES, dense=dict(DENSE, use_residual=True)),
    "dim": dict(COLBERT, artifact={"dim": -1}),
    "strategy": dict(MASKED, transformer={"query_expansion": {"strategy": "x", "length": 1}}),
    "labels": dict(PAIRS, config=dict(PAIRS["config"], id2label={})),
    "index-elsewhere": dict(SPLIT_WEIGHTS, index={"weight_map": {"x": "../part.safetensors"}}),
    "index-folder": dict(SPLIT_WEIGHTS, index={"weight_map": {"x": "2_Dense"}}),
    "deep": {"config": b"[" * 2000}, "cut": {"config": json.dumps(ENCODER).encode()[:-1]},
    "number": {"config": dict(ENCODER, hidden_size=1e300)}, "none": {"config": b"\0"},
}.items():
    seed("model-folder", f"bad-{name}", model_folder(**files))

# --- indexes -------------------------------------------------------------------------------------

def fnv(data, state=0xCBF29CE484222325):
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state


def centroids_file(form, rows=((1.0, 0, 0, 0), (0, 1.0, 0, 0)), bits=None, **changes):
    """The centroids' file, and the fingerprint by which segments know it."""
    dimension = len(rows[0])
    parts = {
        "centroids": ("F32", [len(rows), dimension], struct.pack(f"<{len(rows) * dimension}f", *sum(map(list, rows), []))),
        "coarse": ("F32", [1, dimension], struct.pack(f"<{dimension}f", *([0.5] * dimension))),
        "ends": ("U32", [1], struct.pack("<I", len(rows))),
    }
    buckets, table = struct.pack("<f", 0), b""
    if bits:
        count = 2**bits
        cutoffs = struct.pack(f"<{count - 1}f", *[i - count / 2 for i in range(1, count)])
        scale = struct.pack("<f", 0.01)
        table = bytes(128 - count // 2 + i for i in range(count)) if bits < 8 else bytes(range(256))
        parts.update(cutoffs=("F32", [count - 1], cutoffs), scale=("F32", [1], scale),
                     table=("U8", [count], table))
        buckets, table = cutoffs + scale, table + bytes([128]) * max(16 - count, 0)
    mark = fnv(parts["centroids"][2] + buckets + table + form.encode())
    parts.update(changes)
    header, data = {"__metadata__": {"form": form}}, b""
    for name, (dtype, shape, values) in parts.items():
        header[name] = tensor(dtype, shape, len(data), len(data) + len(values))
        data += values
    return safetensors(header, data), mark


def padded(data):
    return data + bytes(-len(data) % 64)


def segment(form, mark, lengths, row, factor, cells=2, dimension=4, vectors=False, words=None, **changes):
    """A segment of passages with so many tokens each, all at centroid 0."""
    names = [f"d{i}".encode() for i in range(len(lengths))]
    def running(counts):
        return [sum(counts[:i]) for i in range(len(counts) + 1)]
    starts, tokens, passages = running(lengths), sum(lengths), len(lengths)
    holders = [i for i, length in enumerate(lengths) if length]
    entries = b"".join(struct.pack("<II", 5, 2**32 - 1) + b"hog %d" % i for i in range(passages))
    block = struct.pack("<I", len(entries)) + zstd(entries)
    sections = {
        "starts": struct.pack(f"<{passages + 1}I", *starts),
        "centroids": struct.pack(f"<{tokens}H", *([0] * tokens)),
        "rows": row * tokens,
        "factors": factor * tokens,
        "ivf.starts": struct.pack(f"<{cells + 1}I", 0, *[len(holders)] * cells),
        "ivf.passages": struct.pack(f"<{len(holders)}I", *holders),
        "ids.starts": struct.pack(f"<{passages + 1}Q", *running([len(name) for name in names])),
        "ids": b"".join(names),
        "ids.order": struct.pack(f"<{passages}I", *range(passages)),
        "store.firsts": struct.pack("<II", 0, passages),
        "store.starts": struct.pack("<QQ", 0, len(block)),
        "store.blocks": block,
        "dense": struct.pack("<2f", 0.5, 1) * passages if vectors else b"",
    }
    if words is not None:
        sections["words"] = words
    sections.update(changes)
    at = len(padded(bytes(80 + 32 * len(sections))))
    table, body = b"", b""
    for name, data in sections.items():
        table += struct.pack("<16sQQ", name.encode(), at + len(body), len(data))
        body += padded(data)
    forms = ["residual2", "residual4", "residual8", "int8", "bf16", "f32"]
    head = b"SNDRSEG\n" + struct.pack(
        "<II3Q6IQ", 1, len(sections), at + len(body), passages, tokens, dimension,
        forms.index(form), cells, 2 if vectors else 0, 0, 0, mark)
    sum_ = fnv(head + bytes(8) + table)
    return padded(head + struct.pack("<Q", sum_) + table) + body


def inverted(terms, lengths, analysis=b"words-1 stemmer=none stop=none bytes=128", **changes):
    """Terms with [(passage, frequency)] of at most 128 passages each."""
    postings, records, blocks, words, previous = b"", b"", [], b"", b""
    for index, (term, found) in enumerate(sorted(terms.items())):
        shortest = min(lengths[passage] for passage, _ in found)
        most = max(frequency for _, frequency in found)
        first = found[0][0]
        records += struct.pack("<QIII4x", len(postings), len(found), most, shortest)
        postings += struct.pack("<IIIHBB", first, found[-1][0], shortest, most, 0x11, len(found) - 1)
        postings += bytes(passage - first for passage, _ in found)
        postings += bytes(frequency for _, frequency in found)
        if index % 16 == 0:
            blocks.append(len(words))
            previous = b""
        shared = 0
        while shared < min(len(previous), len(term)) and previous[shared] == term[shared]:
            shared += 1
        words += bytes([shared, len(term) - shared]) + term[shared:]
        previous = term
    blocks.append(len(words))
    mark = struct.pack("<QI", 0x577265646E756F53, 1)
    file = mark + bytes(52) + postings
    offsets = []
    for part in (struct.pack(f"<{len(lengths)}I", *lengths), records,
                 struct.pack(f"<{len(blocks)}Q", *blocks), words, analysis):
        file = padded(file)
        offsets.append(len(file))
        file += part
    file = padded(file)
    numbers = dict(
        total=sum(lengths), postings=sum(map(len, terms.values())), posting_bytes=len(postings),
        lengths=offsets[0], records=offsets[1], blocks=offsets[2], terms=offsets[3],
        term_bytes=len(words), analysis=offsets[4], analysis_bytes=len(analysis))
    counts = [changes.pop("passages", len(lengths)), changes.pop("term_count", len(terms))]
    numbers.update(changes)
    end = mark + bytes(4) + struct.pack("<QII", len(file) + 128, *counts)
    return file + (end + struct.pack("<10Q", *numbers.values())).ljust(128, b"\0")


ENTRY = {"file": "encoder-0.safetensors", "bytes": 100, "sha256": "00"}
PART = {"file": dict(ENTRY, file="segment-1-1.seg"), "passages": 3, "tokens": 7, "deleted": 0}
MANIFEST = {
    "formatVersion": 1, "generation": 1, "dimension": 4, "form": "residual4", "encoder": ENTRY,
    "model": {"name": "m", "sha256": "00", "settings": {"poolFactor": "2"}}, "segments": [PART],
    "building": {"form": "residual4"}, "dense": {"dimension": 2, "type": "f32"},
}
for name, changes in {
    "ok-one": {}, "ok-none": {"segments": []},
    "ok-deleted": {"segments": [dict(PART, deleted=1, tombstones=dict(ENTRY, file="dead-2-0.bits"))]},
    "bad-version": {"formatVersion": 2}, "bad-form": {"form": "residual3"},
    "bad-path": {"encoder": dict(ENTRY, file="../encoder-0.safetensors")},
    "bad-deleted": {"segments": [dict(PART, deleted=4)]},
    "bad-bytes": {"encoder": dict(ENTRY, bytes=2**63 - 1)},
    "bad-generation": {"generation": 2**63 - 1},
}.items():
    seed("index-manifest", name, json.dumps(dict(MANIFEST, **changes)))

BITS = {"residual2": 2, "residual4": 4, "residual8": 8}
ROWS = {
    "residual2": (bytes([0b11100100]), b"\0<"), "residual4": (b"\x10\x32", b"\0<"),
    "residual8": (bytes([100, 120, 140, 160]), b"\0<"),
    "int8": (bytes([128, 129, 255, 1]), struct.pack("<f", 0.01)),
    "bf16": (b"\x80\x3f\0\0\0\0\0\xbf", b""), "f32": (struct.pack("<4f", 1, 0, -0.5, 0), b""),
}
WORDS = inverted({b"hog": [(0, 2), (2, 1)], b"river": [(1, 1)], b"rivers": [(2, 1)]}, [2, 1, 2])
for form, (row, factor) in ROWS.items():
    file, mark = centroids_file(form, bits=BITS.get(form))
    seed("centroids", f"ok-{form}", file)
    def whole(**changes):
        return struct.pack("<I", len(file)) + file + segment(
            form, mark, changes.pop("lengths", [2, 0, 1]), row, factor, **changes)
    seed("segment", f"ok-{form}", whole())
    if form == "f32":
        seed("segment", "ok-words", whole(words=WORDS, vectors=True))
        listed = {
            "dense.centroids": struct.pack("<4f", 1, 0, 0, 1), "dense.starts": struct.pack("<3I", 0, 1, 3),
            "dense.order": struct.pack("<3I", 1, 0, 2), "dense.rows": struct.pack("<3I", 1, 0, 2),
            "dense.listed": struct.pack("<6f", *range(6)), "dense": b""}
        seed("segment", "ok-lists", whole(vectors=True, **listed))
        seed("segment", "bad-lists", whole(vectors=True, **dict(
            listed, **{"dense.starts": struct.pack("<3I", 0, 4, 3)})))
        seed("segment", "bad-listed", whole(vectors=True, **dict(
            listed, **{"dense.order": struct.pack("<3I", 1, 0, 2**31)})))
        seed("segment", "bad-row", whole(vectors=True, **dict(
            listed, **{"dense.rows": struct.pack("<3I", 1, 3, 2)})))
        seed("segment", "ok-empty", whole(lengths=[]))
        seed("segment", "bad-more-words", whole(words=inverted({b"hog": [(99, 1)]}, [1] * 100)))
        seed("segment", "bad-mark", whole()[:-64] + b"x" * 64)
        seed("segment", "bad-starts", whole(starts=struct.pack("<4I", 0, 5, 2, 3)))
        seed("segment", "bad-centroid", whole(centroids=struct.pack("<3H", 0, 2, 65535)))
        seed("segment", "bad-list", whole(**{"ivf.starts": struct.pack("<3I", 0, 9, 2)}))
        seed("segment", "bad-holder", whole(**{"ivf.passages": struct.pack("<2I", 0, 3)}))
        seed("segment", "bad-ids", whole(**{"ids.starts": struct.pack("<4Q", 0, 2**63, 4, 6)}))
        seed("segment", "bad-order", whole(**{"ids.order": struct.pack("<3I", 0, 7, 2)}))
        seed("segment", "bad-twice", whole(ids=b"d0d0d2"))
        seed("segment", "bad-block", whole(**{"store.starts": struct.pack("<QQ", 8, 4)}))
        seed("segment", "bad-text", whole(**{"store.blocks": struct.pack("<I", 2**31) + zstd(b"x")}))
        seed("segment", "bad-other", whole()[:4] + whole()[4:].replace(b"f32", b"f16"))
file, mark = centroids_file("residual4", bits=4, ends=("U32", [1], struct.pack("<I", 3)))
seed("centroids", "bad-ends", file)
seed("centroids", "bad-nan", centroids_file("f32", rows=((float("nan"), 0, 0, 0),))[0])
seed("centroids", "bad-width", centroids_file("f32", coarse=("F32", [1, 3], bytes(12)))[0])
seed("centroids", "bad-cutoffs", centroids_file(
    "residual2", bits=2, cutoffs=("F32", [3], struct.pack("<3f", 1, 0, 2)))[0])
seed("centroids", "bad-zero", centroids_file(
    "f32", centroids=("F32", [0, 0], b""), coarse=("F32", [0, 0], b""))[0])

seed("inverted-file", "ok-three", WORDS)
seed("inverted-file", "ok-none", inverted({}, []))
many = {b"t%02d" % i: [(i % 3, 1)] for i in range(20)}
seed("inverted-file", "ok-blocks", inverted(many, [9, 9, 9]))
seed("inverted-file", "bad-far", inverted({b"hog": [(0, 1)]}, [1], records=2**40))
seed("inverted-file", "bad-passages", inverted({b"hog": [(0, 1)]}, [1], passages=2**31))
seed("inverted-file", "bad-terms", inverted({b"hog": [(0, 1)]}, [1], term_count=2**32 - 1))
seed("inverted-file", "bad-analysis", inverted({b"hog": [(0, 1)]}, [1], b"words-9 of another time"))
seed("inverted-file", "bad-passage", inverted({b"hog": [(0, 1), (5, 1)]}, [1] * 6, passages=2))
seed("inverted-file", "bad-cut", WORDS[:-64])

# --- runs, judgments, queries --------------------------------------------------------------------

seed("run", "ok-trec", "q1 Q0 d1 1 2.5 tag\nq1\tQ0\td2\t2\t2.5\ttag\r\n\nq2 Q0 d1 1 -1e-3 tag")
seed("run", "ok-marco", "q1\td1\t1\nq1\td2\t2\nq0\td1\t1\n")
seed("run", "ok-none", "")
seed("run", "bad-score", "q1 Q0 d1 1 nan tag\n")
seed("run", "bad-fields", "q1 Q0 d1 1 2.5\n")
seed("run", "bad-twice", "q1 Q0 d1 1 2.5 t\nq1 Q0 d1 2 2 t\n")
seed("run", "bad-rank", "q1 d1 0\n")
seed("run", "bad-zero", b"q1 Q0 d\0 1 2.5 t\n")
BEIR = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td9\t-1\n"
seed("qrels", "ok-trec", "q1 0 d1 1\nq1 0 d2 -2\nq3 0 d1 2147483647\n")
seed("qrels", "ok-measured", BEIR.encode() + b"\xffq1 Q0 d2 1 9 t\nq1 Q0 d1 2 8 t\nq7 Q0 d1 1 inf t\n")
seed("qrels", "bad-grade", "q1 0 d1 2147483648\n")
seed("qrels", "bad-header", "query-id corpus-id score\nq1 0 d1 1\n")
seed("qrels", "bad-twice", "q1 0 d1 1\nq1 0 d1 0\n")
seed("queries", "ok-jsonl", b'\0{"_id": "q1", "text": "a wild hog"}\n\n{"_id": 7, "text": "\\u00e9"}\n')
seed("queries", "ok-tsv", b"\1q1\ta wild hog\r\nq2\trivers\n")
seed("queries", "bad-json", b'\0{"_id": "q1", "text": \n')
seed("queries", "bad-empty", b'\0{"_id": "q1", "text": " "}\n')
seed("queries", "bad-column", b"\1q1\n")


def question(fields, numbers=()):
    text = json.dumps(fields).encode()
    return struct.pack("<I", len(text)) + text + struct.pack(f"<{len(numbers)}f", *numbers)


seed("shard-query", "ok-maxsim", question(
    {"kind": "maxSim", "dimension": 2, "probes": 4, "candidates": 100, "wantsText": True}, [1, 0, 0, 1]))
seed("shard-query", "ok-words", question(
    {"kind": "words", "terms": [{"text": "hog", "count": 1, "passages": 2}], "passageCount": 3, "wordCount": 9}))
seed("shard-query", "ok-pairs", question(
    {"kind": "pairs", "query": "wild hogs", "ids": ["d1", ""]}))
seed("shard-query", "bad-pairs-of-nothing", question(
    {"kind": "pairs", "query": "", "ids": ["d1"]}))
seed("shard-query", "bad-kind", question({"kind": "hybrid"}))
seed("shard-query", "bad-dimension", question({"kind": "maxSim", "dimension": 3}, [1, 0, 0, 1]))
seed("shard-query", "bad-nan", question({"kind": "dense", "dimension": 1}, [float("nan")]))
seed("shard-query", "bad-length", struct.pack("<I", 2**32 - 1) + b"{}")
