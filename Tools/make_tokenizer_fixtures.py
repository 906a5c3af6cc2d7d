#!/usr/bin/env python3
"""Writes Tests/TokenizersTests/Fixtures: small tokenizers trained here on odd lines, and the ids that the reference
libraries give, for these and for the real models.

Needs Python packages tokenizers, sentencepiece (for unigram), gguf and llama-cpp-python, and the models in models/
(`docent models pull`, for real). From the root, for all or for some of wordpiece, bpe, unigram, spm, real:

    python3 Tools/make_tokenizer_fixtures.py [KIND…]
"""
import io, json, os, random, sys, unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Benchmarks"))
from tokenizer_parity import odd_lines
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = "Tests/TokenizersTests/Fixtures"
TRAINING = """The quick brown fox jumps over the lazy dog. Orders placed before noon ship the same day; returns are free
for thirty days. Don't worry: we'll refund what you've paid, it's simple. Cafés, naïve façades, Ångström and Łódź are
spelled with accents. Prices: 3.14, 1,000,000 and 2024-01-02. def main(): return [x for x in range(10)]
Embedding vectors, embedded passages, embeddings; retrieval retrieves retrieved documents; tokenizing tokens tokenized.
你好世界 こんにちは 안녕하세요 Москва Αθήνα""".split("\n")


def texts():
    rng = random.Random(7)
    lines = [l.replace("\r", " ") for l in odd_lines(rng)]
    short = [l for l in lines[:78] if len(l) <= 400]
    rest = [l for l in lines[78:] if len(l) <= 250]
    # What a file of one text per line cannot hold.
    breaks = ["a\nb", "a\r\nb", "\n", "\r\n\r\n", "x \n\n  y", "x\n ", " \n x", "end.\n\n\nNext  \r\n\tline\n",
              "def f():\n    return 1\n\n\n# end\n", "don't\nDON'T\r'S", "!\n?\r\n...\n\n", "1\n22\n333\n4444",
              "\n\n \n\u00a0\n\u2028\n", "- a\n- b\n\n\t- c", "\u0085\n\u000b\u000c\n"]
    cases = [{"text": l} for l in TRAINING + breaks + short + rng.sample(rest, 80)]
    cases += [{"text": u, "repeat": n} for u, n in
              [("a", 100), ("a", 101), ("\u00e9", 100), ("\u00e9", 101), ("a", 10000), ("ab", 4000), ("\u4e2d", 700),
               (" ", 3000), ("-", 3000), ("7", 700), ("the", 2500), ("\U0001f600", 300), ("\u0301", 500)]]
    return cases


def write(name, value):
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, name), "w", encoding="utf-8", newline="\n") as file:
        if isinstance(value, str):
            file.write(value)
        else:
            for row in value:
                file.write(json.dumps(row, separators=(",", ":")) + "\n")


def cases(encode, decode):
    """One row per text: ids without special tokens, and the text they decode to; with them ("special") only where that
    is not the same ids between what stands around an empty text."""
    around = encode("", True)
    half = (len(around) + 1) // 2
    before, after = around[:half], around[half:]
    rows = []
    for case in texts():
        text = case["text"] * case.get("repeat", 1)
        ids = encode(text, False)
        row = dict(case, ids=ids)
        special = encode(text, True)
        if special != before + ids + after:
            row["special"] = special
        if len(text) <= 400:
            row["decoded"] = decode(ids)
        rows.append(row)
    return rows


def library(tokenizer):
    return cases(lambda t, s: tokenizer.encode(t, add_special_tokens=s).ids,
                 lambda ids: tokenizer.decode(ids, skip_special_tokens=True))


def tiny_wordpiece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(TRAINING, trainers.WordPieceTrainer(
        vocab_size=420, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.decoder = decoders.WordPiece()
    write("wordpiece.json", tokenizer.to_str())
    entries = sorted(tokenizer.get_vocab().items(), key=lambda e: e[1])
    write("wordpiece-vocab.txt", "".join(e + "\n" for e, _ in entries))
    write("wordpiece.jsonl", library(tokenizer))
    # Cased, accents kept, with an added token that is looked for in normalised text and one with flags.
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.add_tokens([AddedToken("fox jumps", normalized=True), AddedToken("<sep>", lstrip=True, rstrip=True),
                          AddedToken("dog", single_word=True, normalized=False)])
    write("wordpiece-cased.json", tokenizer.to_str())
    write("wordpiece-cased.jsonl", library(tokenizer))


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")


def tiny_bpe():
    level = pre_tokenizers.ByteLevel
    digits = pre_tokenizers.Digits(individual_digits=True)

    def split(pattern):
        return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                        level(add_prefix_space=False, use_regex=False)])

    families = {
        "gpt2": level(add_prefix_space=False),
        "smollm": pre_tokenizers.Sequence([digits, level(add_prefix_space=False)]),
        "llama3": split(LLAMA3),
        "qwen2": split(LLAMA3.replace("{1,3}", "")),
    }
    for name, stage in families.items():
        tokenizer = Tokenizer(models.BPE(ignore_merges=name == "llama3"))
        tokenizer.pre_tokenizer = level(add_prefix_space=False)
        tokenizer.train_from_iterator(TRAINING, trainers.BpeTrainer(
            vocab_size=460, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], show_progress=False,
            initial_alphabet=level.alphabet()))
        tokenizer.pre_tokenizer = stage
        tokenizer.decoder = decoders.ByteLevel()
        write(f"bpe-{name}.json", tokenizer.to_str())
        write(f"bpe-{name}.jsonl", [r for r in library(tokenizer) if len(r["ids"]) < 450])


def real_models():
    tokenizer = Tokenizer.from_file("models/all-minilm-l6-v2/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    write("minilm.jsonl", library(tokenizer))
    import llama_cpp
    llama = llama_cpp.Llama("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf", vocab_only=True,
                            verbose=False)
    rows = cases(lambda t, s: llama.tokenize(t.encode(), add_bos=s, special=s),
                 lambda ids: llama.detokenize(ids).decode("utf-8", "replace"))
    write("smollm2.jsonl", [r for r in rows if len(r["ids"]) < 450 or "repeat" in r])


# What a small character map can show: one to one, to several, to nothing, to a space; clusters found whole; entries that
# start with another entry.
def normalisation_rules():
    rules = {c: unicodedata.normalize("NFKC", chr(c)) for r in ((0xA0, 0xBF), (0xFB00, 0xFB07), (0xFF01, 0xFF5F),
             (0xFF66, 0xFF9E), (0x2460, 0x2474), (0x3300, 0x3308), (0xAC00, 0xAC10)) for c in range(*r)}
    rules = {(c,): v for c, v in rules.items() if v != chr(c)}
    for c in [9, 10, 13, 0x3000, 0x2028, 0x85]:
        rules[(c,)] = " "
    for c in [0xAD, 0x200B, 0xFEFF, 0x7F, 1, 2]:
        rules[(c,)] = ""
    for c in [0xE9, 0xE8, 0xFC, 0xF6, 0xC5, 0x17A, 0x1EC7, 0x30AC, 0x30D1]:
        decomposed = unicodedata.normalize("NFD", chr(c))
        rules[tuple(map(ord, decomposed))] = chr(c)
    rules[(0x1F600,)] = ":-)"
    return "".join("%s\t%s\n" % (" ".join("%X" % c for c in k), " ".join("%X" % ord(c) for c in v))
                   for k, v in sorted(rules.items()))


def field(message, number):
    """The bytes of one length-delimited field of a protocol buffer."""
    position, found = 0, b""

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(message):
        key = varint()
        if key & 7 == 2:
            length = varint()
            if key >> 3 == number:
                found = message[position:position + length]
            position += length
        elif key & 7 == 0:
            varint()
        else:
            position += 4 if key & 7 == 5 else 8
    return found


def sentencepiece_model(size, **options):
    import sentencepiece
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TRAINING * 3), model_writer=model, model_type="unigram", vocab_size=size,
        bos_id=0, pad_id=1, eos_id=2, unk_id=3, minloglevel=2, hard_vocab_limit=False, **options)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    pieces = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]
    return pieces, field(field(model.getvalue(), 3), 2)


def unigram(pieces, charsmap, byte_fallback=False):
    tokenizer = Tokenizer(models.Unigram(pieces + [("<mask>", 0.0)], unk_id=3, byte_fallback=byte_fallback))
    tokenizer.normalizer = normalizers.Precompiled(charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(t) for t in ("<s>", "<pad>", "</s>", "<unk>")])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def tiny_unigram():
    rules = os.path.join(OUT, "rules.tsv")
    write("rules.tsv", normalisation_rules())
    pieces, charsmap = sentencepiece_model(330, normalization_rule_tsv=rules)
    os.remove(rules)
    tokenizer = unigram(pieces, charsmap)
    write("unigram.json", json.dumps(json.loads(tokenizer.to_str()), separators=(",", ":")) + "\n")
    write("unigram.jsonl", [r for r in library(tokenizer) if len(r["ids"]) < 450])
    # Byte fallback, no splitting at white space, more steps of normalisation, a token of normalised text.
    tokenizer = unigram(pieces + [("<0x%02X>" % b, -20.0) for b in range(256)], charsmap, byte_fallback=True)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(charsmap), normalizers.Lowercase(), normalizers.Strip(),
         normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.add_tokens([AddedToken("fox jumps", normalized=True)])
    write("unigram-bytes.json", json.dumps(json.loads(tokenizer.to_str()), separators=(",", ":")) + "\n")
    rows = [r for r in library(tokenizer) if len(r["ids"]) < 450]
    write("unigram-bytes.jsonl", [{k: v for k, v in r.items() if k != "decoded"} for r in rows])


MARK = "\u2581"
BYTES = ["<0x%02X>" % b for b in range(256)]
STEERING = ["</s> a</s>b", "<s>a", " <s> a <unk>b", "x<0x41>y<0x0A>", "<s", "</s", "the fox jumps over", " fox jumps fox jumps",
            "<b>x</b>\n\n\n\ny", "a     b", "     ", MARK + "a" + MARK * 3 + " b", "\u03a9m\u03a9mx \u03a9x m\u03a9"]


def spm_rows(rows):
    """Every text that a SentencePiece fixture asks about, in bounds that keep the file small."""
    rows = [dict(r) for r in rows]
    return [r for i, r in enumerate(rows) if "repeat" in r and len(r["ids"]) < 3000 or len(r["ids"]) < 160]


def spm_model():
    """Entries and merges of a BPE over characters, trained as SentencePiece does: no entry goes across a space."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.train_from_iterator(TRAINING, trainers.BpeTrainer(vocab_size=420, show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    runs = [MARK * n for n in range(2, 6)]
    learnt = sorted(model["vocab"], key=model["vocab"].get)
    entries = ["<unk>", "<s>", "</s>"] + BYTES + learnt + runs
    merges = [m if isinstance(m, list) else m.split(" ") for m in model["merges"]]
    merges += [[MARK * a, MARK * (n - a)] for n in range(2, 6) for a in range(n - 1, 0, -1)]
    return entries, merges


def spm_tokenizer(entries, merges, **options):
    model = models.BPE(vocab={e: i for i, e in enumerate(entries)}, merges=[tuple(m) for m in merges], byte_fallback=True,
                       unk_token="<unk>", **options)
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in ("<unk>", "<s>", "</s>")])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def spm_decoder(strip):
    steps = [decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence(steps + ([decoders.Strip(" ", 1, 0)] if strip else []))


def spm_libraries():
    """The layouts of Llama 2, Mistral and Gemma, and one with words, whole words, missing bytes and unknown tokens."""
    entries, merges = spm_model()
    llama = spm_tokenizer(entries, merges, fuse_unk=True)
    llama.normalizer = normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])
    llama.decoder = spm_decoder(True)
    llama.add_tokens([AddedToken("fox jumps", normalized=True)])
    mistral = spm_tokenizer(entries, merges, fuse_unk=True)
    mistral.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    mistral.decoder = spm_decoder(True)
    gemma = spm_tokenizer(entries, merges, fuse_unk=True)
    gemma.normalizer = normalizers.Replace(" ", MARK)
    gemma.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    gemma.decoder = spm_decoder(False)
    gemma.add_tokens([AddedToken(t, normalized=False) for t in ["\n\n", "\n\n\n", "<b>", "</b>"]])
    words = [e for e in entries if not (e in BYTES and int(e[3:5], 16) >= 0xE0)]
    words = spm_tokenizer(words, merges, fuse_unk=False, ignore_merges=True)
    words.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    words.decoder = spm_decoder(True)
    for name, tokenizer in (("llama", llama), ("mistral", mistral), ("gemma", gemma), ("words", words)):
        write(f"spm-{name}.json", json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False,
                                             separators=(",", ":")) + "\n")
        write(f"spm-{name}.jsonl", spm_rows(library(tokenizer)))


def spm_gguf(name, entries, scores, kinds, space_prefix):
    import gguf, llama_cpp
    path = os.path.join(OUT, f"spm-{name}.gguf")
    writer = gguf.GGUFWriter(path, "llama")
    for key in ("block_count", "context_length", "embedding_length", "feed_forward_length", "head_count"):
        getattr(writer, f"add_{key}")(64)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(entries)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    if not space_prefix:
        writer.add_add_space_prefix(False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    llama = llama_cpp.Llama(path, vocab_only=True, verbose=False)
    rows = cases(lambda t, s: llama.tokenize(t.encode(), add_bos=s, special=s),
                 lambda ids: llama.detokenize([1] * space_prefix + ids).decode("utf-8", "replace"))
    write(f"spm-{name}-gguf.jsonl", spm_rows(rows))


def spm_llamas():
    """Vocabularies with scores: of Llama 2's kind, and of Gemma's: no space in front, user-defined tokens, entries of
    equal scores, an entry of a character that is none."""
    entries, _ = spm_model()
    kinds = [2, 3, 3] + [6] * 256 + [1] * (len(entries) - 259)
    scores = [0.0] * 259 + [-float(i) for i in range(len(entries) - 259)]
    spm_gguf("llama", entries, scores, kinds, True)
    more = ["\u03a9m", "\u03a9mx", "<b>", "</b>", "\n\n", "\n\n\n", "   ", "<end_of_turn>", "never"]
    scores = [0.0] * 259 + [-float(i // 3) for i in range(len(entries) - 259)] + [-5.0] * len(more)
    spm_gguf("gemma", entries + more, scores, kinds + [1, 1, 4, 4, 4, 4, 4, 1, 5], False)


def tiny_spm():
    global texts
    everything = texts()
    # One in two of the long tail is enough here.
    chosen = [c for i, c in enumerate(everything) if i < 100 and i % 3 or "repeat" in c or i % 2]
    texts = lambda: chosen + [{"text": t} for t in STEERING]
    spm_libraries()
    spm_llamas()


KINDS = {"wordpiece": tiny_wordpiece, "bpe": tiny_bpe, "unigram": tiny_unigram, "spm": tiny_spm, "real": real_models}
for kind in sys.argv[1:] or KINDS:
    KINDS[kind]()
