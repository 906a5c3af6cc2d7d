"""Main-content quality of Docent's HTML extraction against the expected texts of two public sets (measure only).

    python Benchmarks/ingest_quality.py list  DATA LIST            writes the files to extract, one path a line
    python Benchmarks/ingest_quality.py score DATA EXTRACTED.jsonl scores lines {"file", "title", "text"}

DATA is the folder with `readability/` and `trafilatura/`. Needs Python 3.10.
readability: F1 of 4-word shingles against expected.html. trafilatura: F1 over segments that must and must not be there.
"""
import gzip, json, os, re, sys, tempfile
from html.parser import HTMLParser

class Text(HTMLParser):
    def __init__(self): super().__init__(); self.parts = []
    def handle_data(self, data): self.parts.append(data)

def plain(page):
    parser = Text(); parser.feed(page); return " ".join(parser.parts)


def words(text): return re.findall(r"\w+", text.lower())
def shingles(text):
    w = words(text); return {tuple(w[i:i + 4]) for i in range(max(0, len(w) - 3))}
def norm(text): return " ".join(text.split())

def pages(data):
    for name in sorted(os.listdir(f"{data}/readability")):
        source = f"{data}/readability/{name}/source.html"
        if os.path.exists(source): yield "readability", name, source
    with open(f"{data}/trafilatura/evaldata.json") as file: items = json.load(file)
    for url, item in sorted(items.items()):
        path = f"{data}/trafilatura/html/{item.get('html') or item['file']}"
        if not os.path.exists(path): path += ".gz"
        if os.path.exists(path): yield "trafilatura", (url, item), path

def main():
    mode, data, out = sys.argv[1:4]
    if mode == "list":
        folder = tempfile.mkdtemp()
        with open(out, "w") as file:
            for kind, name, path in pages(data):
                if path.endswith(".gz"):
                    unpacked = f"{folder}/{os.path.basename(path)[:-3]}"
                    with open(unpacked, "wb") as target: target.write(gzip.open(path).read())
                    path = unpacked
                print(path, file=file)
        return
    texts = [json.loads(line) for line in open(out)]
    shingle_scores, tp, fp, fn, tn, worst = [], 0, 0, 0, 0, []
    for (kind, name, path), got in zip(pages(data), texts, strict=True):
        if kind == "readability":
            expected = open(os.path.dirname(path) + "/expected.html", encoding="utf-8").read()
            a, b = shingles(plain(expected)), shingles(got["text"])
            common = len(a & b)
            f1 = 2 * common / (len(a) + len(b)) if a or b else 1
            shingle_scores.append(f1); worst.append((round(f1, 3), round(common / max(1, len(b)), 3), round(common / max(1, len(a)), 3), name))
        else:
            text = norm(got["text"]); item = name[1]
            hit = [norm(s) in text for s in item["with"]]; bad = [norm(s) in text for s in item["without"]]
            tp += sum(hit); fn += len(hit) - sum(hit); fp += sum(bad); tn += len(bad) - sum(bad)
            if sum(hit) < len(hit) or sum(bad): worst.append((sum(hit) / max(1, len(hit)) - sum(bad) / 10, f"miss {len(hit)-sum(hit)}/{len(hit)} bad {sum(bad)}/{len(bad)}", 0, got["file"].split("/")[-1]))
    precision, recall = tp / max(1, tp + fp), tp / max(1, tp + fn)
    result = {"readability_shingle_f1": round(sum(shingle_scores) / max(1, len(shingle_scores)), 4), "readability_pages": len(shingle_scores),
        "trafilatura_precision": round(precision, 4), "trafilatura_recall": round(recall, 4), "trafilatura_f1": round(2 * precision * recall / (precision + recall), 4)}
    print(json.dumps(result))
    if len(sys.argv) > 4:
        for row in sorted(worst, key=lambda row: row[0])[:int(sys.argv[4])]: print(*row)
main()
