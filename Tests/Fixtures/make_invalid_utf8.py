"""Writes invalid_utf8.tsv: bytes in hexadecimal, and their text as Python decodes it with errors="replace"."""
import itertools
import random
from pathlib import Path

random.seed(11)
interesting = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
               0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF]
samples = [bytes(pair) for pair in itertools.product(interesting, repeat=2)]
samples += [bytes(random.choices(interesting, k=random.randint(3, 12))) for _ in range(600)]
samples += [("naïve日本🎉" * 3).encode()[:n] for n in range(1, 40)]
lines = [f"{s.hex()}\t{s.decode('utf-8', errors='replace').encode().hex()}" for s in samples]
Path(__file__).with_name("invalid_utf8.tsv").write_text("\n".join(lines) + "\n")
