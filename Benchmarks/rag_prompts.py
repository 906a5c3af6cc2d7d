"""Prompts of retrieval-augmented answers out of SQuAD, as the local generator writes them.

Three passages of one article, the one that holds the answer first, then the question; and a second question about the
same passages. Standard library alone.
"""

import json, pathlib, random

SYSTEM = "You are a helpful assistant. Answer the question in one short sentence, using only the facts given. Copy numbers and names exactly."


def render(passages, question):
    facts = "\n".join(f"- {heading}: {text}" for heading, text in passages)
    user = f"Facts:\n{facts}\n\nQuestion: {question}\nAnswer in one short sentence."
    return f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"


def prompts(folder, count, seed=1):
    """`count` rows {"prompt", "second"}; the same for the same seed."""
    folder = pathlib.Path(folder)
    rows = lambda name: [json.loads(line) for line in open(folder / name, encoding="utf-8")]
    contexts = {row["_id"]: row for row in rows("contexts.jsonl")}
    articles, questions = {}, {}
    for row in contexts.values():
        articles.setdefault(row["title"], []).append(row["_id"])
    for row in rows("questions.jsonl"):
        questions.setdefault(row["context_id"], []).append(row["question"])
    chosen = random.Random(seed)
    usable = sorted(identity for identity, asked in questions.items() if len(asked) > 1)
    result = []
    for identity in chosen.sample(usable, count):
        title = contexts[identity]["title"]
        others = [other for other in articles[title] if other != identity]
        passages = [identity] + chosen.sample(others, min(2, len(others)))
        facts = [(title.replace("_", " "), contexts[passage]["text"]) for passage in passages]
        first, second = chosen.sample(questions[identity], 2)
        result.append({"prompt": render(facts, first), "second": render(facts, second)})
    return result
