#!/usr/bin/env python3
"""Are Docent's token ids those of the reference tokenizers? Line by line, on thousands of ordinary and odd lines.

Needs Python packages: tokenizers (for --reference wordpiece or hf), llama-cpp-python (for --reference llama). With
--reference stored the ids are those that DATA holds: a .jsonl file of texts with ids under --field, or an .inp file of
llama.cpp's vocabulary fixtures with its .out beside it. With --reference hf a GGUF file's SentencePiece vocabulary is
first written as a tokenizer.json in Llama 2's layout (needs gguf), which both sides read.

    python3 Benchmarks/tokenizer_parity.py --reference wordpiece --model models/all-minilm-l6-v2 --texts DATA
    python3 Benchmarks/tokenizer_parity.py --reference llama --model models/smollm2-135m-instruct/*.gguf --texts DATA
    python3 Benchmarks/tokenizer_parity.py --reference hf --model llama-spm.gguf --texts DATA
    python3 Benchmarks/tokenizer_parity.py --reference stored --model llama-spm.gguf --texts cases.jsonl --field llama_spm_ids

DATA is a folder of texts (.jsonl, .json, .txt, .md, .html, .csv). The command
that is measured is `.build/release/docent tokenize`; --command names another one that takes the same arguments. Prints one
JSON document; exits with 1 when a line differs. `command_s` is the whole command, loading and printing too; `reference_s` only
the reference's calls.
"""
import argparse, glob, json, os, random, subprocess, sys, tempfile, time, unicodedata


def texts_in(folder, limit, rng):
    """Lines of the texts below a folder, spread evenly over its files."""
    lines = []
    files = sorted(p for e in ("jsonl", "txt", "md", "html", "csv", "json", "dat", "inp")
                   for p in glob.glob(os.path.join(folder, "**", "*." + e), recursive=True))
    for path in files:
        if os.path.getsize(path) > 64 << 20:
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            own = []
            for line in file:
                line = line.rstrip("\n")
                if path.endswith(".jsonl"):
                    try:
                        line = json.loads(line).get("text") or line
                    except ValueError:
                        pass
                    line = str(line).replace("\n", " ")
                if line.strip():
                    own.append(line[:4000])
                if len(own) > 20000:
                    break
        rng.shuffle(own)
        lines += own[: max(20, limit // max(1, len(files)) * 3)]
    rng.shuffle(lines)
    return lines[:limit]


def odd_lines(rng):
    """Accents, CJK, emoji, controls, every block of Unicode, very long words, whitespace of every kind."""
    assigned = [c for c in range(1, 0x110000)
                if not 0xD800 <= c < 0xE000 and c not in (10, 13) and unicodedata.category(chr(c)) not in ("Cn", "Co")]
    lines = ["", " ", "  ", "\t", " a", "a ", " a b  c   d    ", "\u00a0a\u00a0", "a\u3000b", "\u2028x\u2029y\u0085z",
             "[CLS] hello [SEP] [MASK] [PAD] [UNK] [cls]", "[[SEP]]", "x[SEP]y", "<|im_start|>user hi<|im_end|>",
             "<|endoftext|>a<|endoftext|>", "<|im_start", "don't DON'T I'll we've 'S 'Re it's they'd 'm", "''''s'", "' s",
             "caf\u00e9 cafe\u0301 \u00c5ngstr\u00f6m A\u030angstro\u0308m \u0130stanbul \u00df \u1e9e \ufb01 \u2126 \u212a",
             "\u4f60\u597d\u4e16\u754c \u3053\u3093\u306b\u3061\u306f \u30ac\u30ae\u30b0 \uc548\ub155\ud558\uc138\uc694 \u1112\u1161\u11ab",
             "\U0001f600\U0001f44d\U0001f3fd\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f1e9\U0001f1ea\u2764\ufe0f a\U0001f600b",
             "\x01\x02\x07 a\x00b \x7f \x1b[0m \x0b \x0c", "\u200b\u200e\u202e\ufeff\u00ad", "\ufffd \ufffe \ue000 \U000f0000",
             "a" * 100, "a" * 101, "\u00e9" * 100, "\u00e9" * 101, "e\u0301" * 100, "a" * 10000, "ab" * 5000,
             "\u4e2d" * 10000, "\U0001f600" * 3000, " " * 10000, "1" * 10000, "-" * 10000, "'" * 3000, "\u0301" * 3000,
             "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(10000)),
             "".join(rng.choice("abcABC012 .,'\u00e9\u4e2d\U0001f600") for _ in range(10000)),
             "3.14 1,000,000 2024-01-02 0x1F 1e-9 \u00bd \u2167 \u0663\u0664 \U0001d7d8 10\u00b2",
             "$5.00 + 3% = ^~`|<>", "a\u200db", "na\u00efve fa\u00e7ade \u0141\u00f3d\u017a \u0391\u03b8\u03ae\u03bd\u03b1 \u041c\u043e\u0441\u043a\u0432\u0430 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea \u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22"]
    for n in range(1, 12):
        lines += [" " * n + "x" + " " * n, "x" + "\t" * n + "y", "7" * n + " " + "8" * n + "a"]
    for start in range(0, len(assigned), 97):  # every assigned scalar once, alone and between letters
        part = assigned[start:start + 97]
        lines.append(" ".join("a" + chr(c) + "b" for c in part[:48]) + " " + "".join(chr(c) for c in part[48:]))
    for _ in range(600):
        pool = rng.choice([assigned, [c for c in assigned if c < 0x250], [c for c in assigned if c < 0x3400],
                           list(range(0x20, 0x7f)), [0x20, 0x20, 0x27, 0x73, 0x74, 0x31, 0x2e, 0x61, 0xe9, 0x4e2d]])
        lines.append("".join(chr(rng.choice(pool)) for _ in range(rng.randint(1, 120))))
    return lines


def stored(path, field):
    """Texts and the ids that a file of fixtures holds for them."""
    if path.endswith(".jsonl"):
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
        return [r["text"] for r in rows], [r[field] for r in rows]
    with open(path, encoding="utf-8", newline="") as file:
        texts = file.read().split("\n__ggml_vocab_test__\n")
    with open(path.removesuffix(".inp") + ".out", encoding="utf-8") as file:
        ids = [[int(i) for i in line.split()] for line in file.read().split("\n")]
    return texts, ids[:len(texts)]


def llama2_json(gguf_path, out):
    """Writes a SentencePiece vocabulary with scores as a tokenizer.json: its merges are all splits of all entries."""
    import gguf
    fields = gguf.GGUFReader(gguf_path).fields
    entries, scores, kinds = (fields["tokenizer.ggml." + n].contents() for n in ("tokens", "scores", "token_type"))
    ids = {e: i for i, e in enumerate(entries)}
    merges = []
    for entry, score, kind in zip(entries, scores, kinds):
        splits = [(entry[:k], entry[k:]) for k in range(1, len(entry)) if kind == 1]
        splits = [(ids[a], ids[b]) for a, b in splits if kinds[ids.get(a, 0)] == kinds[ids.get(b, 0)] == 1]
        merges += [(-score, a, b) for a, b in splits]
    mark = "\u2581"
    added = [{"id": i, "content": e, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": k != 4} for i, (e, k) in enumerate(zip(entries, kinds)) if k in (2, 3, 4)]
    json.dump({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": mark}, {"type": "Replace", "pattern": {"String": " "}, "content": mark}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing", "single": [
            {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [ids["<s>"]], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": mark}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "vocab": ids,
                  "merges": [f"{entries[a]} {entries[b]}" for _, a, b in sorted(merges)]},
    }, open(out, "w", encoding="utf-8"), ensure_ascii=False)


def reference(kind, model, lines, special):
    """The reference's ids of the texts, and the seconds of its calls."""
    if kind == "llama":
        import llama_cpp
        llama = llama_cpp.Llama(model_path=model, vocab_only=True, verbose=False)
        texts = [l.encode("utf-8") for l in lines]
        start = time.monotonic()
        return [llama.tokenize(t, add_bos=special, special=special) for t in texts], time.monotonic() - start
    from tokenizers import Tokenizer
    path = model if model.endswith(".json") else os.path.join(model, "tokenizer.json")
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if '"byte_fallback":true' in tokenizer.to_str():  # a decoder's: special tokens in a text count only if asked for
        tokenizer.encode_special_tokens = not special
    start = time.monotonic()
    return [tokenizer.encode(l, add_special_tokens=special).ids for l in lines], time.monotonic() - start


def ours(options, lines, special):
    """Our ids of the texts, and the seconds of the command."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8", newline="\n") as file:
        file.write("".join(json.dumps({"text": l}) + "\n" for l in lines))
        file.flush()
        command = [options.command, "tokenize", "--model", options.model, "--input", file.name]
        start = time.monotonic()
        output = subprocess.run(command + (["--special"] if special else []), stdout=subprocess.PIPE, check=True)
        return [json.loads(l) for l in output.stdout.splitlines()], time.monotonic() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", choices=["wordpiece", "hf", "llama", "stored"], required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--field", default="ids")
    parser.add_argument("--lines", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command", default=".build/release/docent")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    if options.reference == "hf" and options.model.endswith(".gguf"):
        folder = tempfile.TemporaryDirectory()
        source, options.model = options.model, os.path.join(folder.name, "tokenizer.json")
        llama2_json(source, options.model)
    wanted = None
    if options.reference == "stored":
        lines, wanted = stored(options.texts, options.field)
    else:
        lines = [l.replace("\r", " ").replace("\n", " ")
                 for l in odd_lines(rng) + texts_in(options.texts, options.lines, rng)]
    failed = False
    for special in (False,) if options.reference == "stored" else (False, True):
        own, seconds = ours(options, lines, special)
        theirs, their_seconds = wanted, None
        if options.reference != "stored":
            theirs, their_seconds = reference(options.reference, options.model, lines, special)
        different = [i for i in range(len(lines)) if i >= len(own) or own[i] != theirs[i]]
        for i in different[:5]:
            at = next((k for k, (a, b) in enumerate(zip(own[i], theirs[i])) if a != b), None) if i < len(own) else None
            print(f"line {i}: {lines[i][:200]!r}\n  ours   {own[i][at or 0:][:12] if i < len(own) else None}\n"
                  f"  theirs {theirs[i][at or 0:][:12]} (from token {at})", file=sys.stderr)
        failed |= bool(different) or len(own) != len(lines)
        row = {"reference": options.reference, "special": special, "lines": len(lines), "tokens": sum(map(len, theirs)),
               "different": len(different), "command_s": round(seconds, 3)}
        print(json.dumps(row if their_seconds is None else dict(row, reference_s=round(their_seconds, 3))))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
