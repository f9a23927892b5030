"""nDCG@10 and recall@100 of TREC runs whose numbers are places in the dump: evaluate.py TOKENS QRELS RUNS..."""

import json
import math
import os
import sys


def main(folder, qrels_path, runs):
    queries = json.load(open(os.path.join(folder, "q-names.json")))
    documents = json.load(open(os.path.join(folder, "d-names.json")))
    qrels = {}
    for line in open(qrels_path).read().split("\n")[1:]:
        if line:
            query, document, grade = line.split("\t")
            qrels.setdefault(query, {})[document] = int(grade)
    for path in runs:
        found = {}
        for line in open(path):
            query, _, document, _, _, _ = line.split()
            found.setdefault(queries[int(query)], []).append(documents[int(document)])
        ndcg = recall = 0
        for query, grades in qrels.items():
            hits = found.get(query, [])
            gain = sum((2 ** grades.get(d, 0) - 1) / math.log2(i + 2) for i, d in enumerate(hits[:10]))
            ideal = sorted(grades.values(), reverse=True)[:10]
            best = sum((2**g - 1) / math.log2(i + 2) for i, g in enumerate(ideal))
            ndcg += gain / best if best else 0
            relevant = [d for d, g in grades.items() if g > 0]
            recall += sum(d in hits[:100] for d in relevant) / max(len(relevant), 1)
        print(f"{os.path.basename(path):28} nDCG@10 {ndcg / len(qrels):.4f}  recall@100 {recall / len(qrels):.4f}")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
