"""Writes spearman.tsv: pairs of lists, with ties, and their Spearman correlation by scipy."""
import random
from pathlib import Path
from scipy.stats import spearmanr

random.seed(7)
lines = []
for size in (2, 3, 5, 10, 50):
    for levels in (2, 4, 1000):
        left = [random.randrange(levels) for _ in range(size)]
        right = [random.randrange(levels) + random.choice((0, value)) for value in left]
        if len(set(left)) < 2 or len(set(right)) < 2:
            continue
        lines.append("\t".join([
            " ".join(map(str, left)), " ".join(map(str, right)),
            repr(float(spearmanr(left, right).statistic))]))
Path(__file__).with_name("spearman.tsv").write_text("\n".join(lines) + "\n")
