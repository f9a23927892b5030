"""Trains one peer in a process of its own and prints one JSON object about it.

    python peers.py gensim|fasttext TEXT VECTORS '{"dim": 300, ...}'

The vectors are written in word2vec's binary format, so that one evaluator judges everybody.
"""

import json
import subprocess
import sys
import time


def gensim(text, vectors, options):
    """The vocabulary and the training are two calls, and are timed apart."""
    from gensim.models import FastText, Word2Vec

    started = time.perf_counter()
    more = {"min_n": 3, "max_n": 6, "bucket": 2_000_000}
    kind, more = (FastText, more) if options["model"] == "fasttext" else (Word2Vec, {})
    model = kind(
        **more, sg=int(options["model"] != "cbow"), hs=0, vector_size=options["dim"], window=options["window"],
        negative=options["negative"], sample=options["sample"], min_count=options["minCount"],
        workers=options["threads"], alpha=options["alpha"], seed=options["seed"])
    model.build_vocab(corpus_file=text)
    counted = time.perf_counter()
    # With corpus_file each thread sets its rate by its own sentences against all that are expected
    # (word2vec_corpusfile.pyx): told of the whole corpus, two threads end every epoch at the rate
    # of its middle, and begin the next where it ought to have ended.
    model.train(
        corpus_file=text, total_examples=max(1, model.corpus_count // options["threads"]),
        total_words=model.corpus_total_words, epochs=options["epochs"])
    trained = time.perf_counter()
    model.wv.save_word2vec_format(vectors, binary=True)
    return {"secondsCounting": counted - started, "secondsTraining": trained - counted,
            "vocabulary": len(model.wv)}


def fasttext_child(text, vectors, options):
    """One call does all; its progress goes to standard error, which the parent times."""
    import fasttext
    import numpy

    has_grams = options["model"] == "fasttext"
    print("call", file=sys.stderr, flush=True)
    model = fasttext.train_unsupervised(
        text, model="cbow" if options["model"] == "cbow" else "skipgram", loss="ns",
        minn=3 if has_grams else 0, maxn=6 if has_grams else 0, dim=options["dim"],
        ws=options["window"], neg=options["negative"], t=options["sample"],
        minCount=options["minCount"], epoch=options["epochs"], thread=options["threads"],
        lr=options["alpha"], verbose=2)
    print("returned", file=sys.stderr, flush=True)
    words = model.get_words()
    with open(vectors, "wb") as output:
        output.write(f"{len(words)} {options['dim']}\n".encode())
        for word in words:
            row = numpy.asarray(model.get_word_vector(word), dtype="<f4")
            output.write(word.encode() + b" " + row.tobytes())
    print(json.dumps({"vocabulary": len(words)}))


def fasttext(*arguments):
    """Training begins where fastText, on standard error, reports the size of its dictionary."""
    child = subprocess.Popen(
        [sys.executable, __file__, "fasttext-child", *arguments[:2], json.dumps(arguments[2])],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    heard, at = b"", {}
    while piece := child.stderr.read1(4096):
        heard += piece
        for mark in (b"call", b"Number of words:", b"returned"):
            if mark in heard:
                at.setdefault(mark, time.perf_counter())
    answer = child.stdout.read()
    if child.wait() != 0 or len(at) < 3:
        sys.exit(f"fastText failed: {heard[-2000:].decode(errors='replace')}")
    call, counted, returned = at.values()
    return {"secondsCounting": counted - call, "secondsTraining": returned - counted,
            **json.loads(answer)}


def main():
    name, text, vectors, options = sys.argv[1:5]
    options = json.loads(options)
    if name == "fasttext-child":
        fasttext_child(text, vectors, options)
    else:
        print(json.dumps({"gensim": gensim, "fasttext": fasttext}[name](text, vectors, options)))


if __name__ == "__main__":
    main()
