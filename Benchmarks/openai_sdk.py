#!/usr/bin/env python3
"""`/v1/chat/completions` and `/v1/models` through OpenAI's own Python client.

    python -m venv /tmp/sdk && /tmp/sdk/bin/pip install openai jsonschema
    /tmp/sdk/bin/python Benchmarks/openai_sdk.py

Ingests corpus/shop-help into a temporary data folder, serves it, and lets the client list and look up models, write
freely with the local decoder (whole, streamed, with usage, stop strings, seeds, log-probabilities, penalties, JSON by
schema), answer from a collection with citations (whole and streamed, a follow-up), make the mistakes whose errors it
has classes for, and give a stream up in its middle. Bars: every check.
"""

import json, sys, time

import jsonschema
import openai

import common
from server import Server

SCHEMAS = [
    {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 40},
            "score": {"type": "integer", "minimum": 0, "maximum": 10},
            "tags": {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "minItems": 1, "maxItems": 3},
            "open": {"type": ["boolean", "null"]},
        },
        "required": ["title", "score", "tags", "open"],
        "additionalProperties": False,
    },
    {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 12},
                    "child": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
                "required": ["name", "child"],
                "additionalProperties": False,
            }
        },
        "$ref": "#/$defs/node",
    },
    {
        "anyOf": [
            {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
            {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4},
        ]
    },
]


def fails(kind, call):
    try:
        call()
    except kind as error:
        return error
    except Exception as error:
        return None
    return None


def models_part(client, decoder, checks):
    names = [model.id for model in client.models.list()]
    checks.check("models list the decoder and the collection", {decoder, "docent/help"} <= set(names), names)
    checks.check(
        "a model is looked up by name",
        client.models.retrieve(decoder).id == decoder and client.models.retrieve("docent/help").id == "docent/help",
    )


def decoder_part(client, decoder, checks):
    messages = [{"role": "user", "content": "Name three colours."}]
    ask = lambda **more: client.chat.completions.create(**{"model": decoder, "messages": messages, **more})
    whole = ask(max_tokens=24, temperature=0)
    choice = whole.choices[0]
    checks.check(
        "a whole completion",
        choice.message.role == "assistant" and choice.message.content and whole.object == "chat.completion",
        repr(choice.message.content),
    )
    checks.check(
        "usage adds up",
        whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
        and whole.usage.completion_tokens <= 24,
        whole.usage.model_dump_json(exclude_none=True),
    )
    chunks = list(ask(max_tokens=24, temperature=0, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    checks.check("a stream's pieces are the whole text", text == choice.message.content, f"{len(chunks)} chunks")
    checks.check(
        "its last chunk has the usage, the others none",
        chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
        and not chunks[-1].choices
        and all(chunk.usage is None for chunk in chunks[:-1]),
    )
    checks.check(
        "its finish reason is the whole's",
        [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == choice.finish_reason,
        choice.finish_reason,
    )
    seeds = [ask(max_completion_tokens=20, seed=seed, temperature=1).choices[0].message.content for seed in (1, 1, 2)]
    checks.check("equal seeds, equal texts; other seeds, other texts", seeds[0] == seeds[1] != seeds[2])
    word = choice.message.content.split()[2]
    stopped = ask(max_tokens=24, temperature=0, stop=[word]).choices[0]
    checks.check(
        "a stop string ends the text before it",
        choice.message.content.startswith(stopped.message.content)
        and word not in stopped.message.content
        and stopped.finish_reason == "stop",
        repr(stopped.message.content),
    )
    logged = ask(max_tokens=8, temperature=0, logprobs=True, top_logprobs=3)
    content = logged.choices[0].logprobs.content
    checks.check(
        "log-probabilities: one for each token, the likeliest beside it",
        len(content) == logged.usage.completion_tokens
        and all(len(entry.top_logprobs) == 3 and entry.top_logprobs[0].logprob >= entry.logprob for entry in content)
        and b"".join(bytes(entry.bytes) for entry in content).decode("utf-8", "replace").strip()
        == logged.choices[0].message.content.strip(),
    )
    pieces = [
        entry.token
        for chunk in ask(max_tokens=8, temperature=0, logprobs=True, stream=True)
        if chunk.choices and chunk.choices[0].logprobs
        for entry in chunk.choices[0].logprobs.content
    ]
    checks.check("the same in a stream", pieces == [entry.token for entry in content][: len(pieces)] and pieces)
    loop = [{"role": "user", "content": "Write the word yes again and again."}]
    plain = ask(messages=loop, max_tokens=40, temperature=0).choices[0].message.content.split()
    varied = ask(messages=loop, max_tokens=40, temperature=0, frequency_penalty=2, presence_penalty=2)
    checks.check(
        "penalties make texts repeat less",
        len(set(varied.choices[0].message.content.split())) >= len(set(plain)),
    )
    for number, schema in enumerate(SCHEMAS):
        for temperature in (0, 1):
            reply = ask(
                messages=[{"role": "user", "content": "Describe a red kettle as JSON."}],
                max_tokens=400,
                temperature=temperature,
                seed=number,
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "thing", "strict": True, "schema": schema},
                },
            ).choices[0]
            try:
                jsonschema.validate(json.loads(reply.message.content), schema)
                valid = reply.finish_reason == "stop"
            except Exception as error:
                valid = False
            checks.check(f"schema {number} at temperature {temperature} holds", valid, reply.message.content[:100])
    thing = ask(max_tokens=300, response_format={"type": "json_object"}, temperature=0).choices[0]
    checks.check(
        "json_object is an object, or was cut off",
        thing.finish_reason == "length" or isinstance(json.loads(thing.message.content), dict),
        thing.message.content[:100],
    )


def collection_part(client, checks):
    messages = [{"role": "user", "content": "How long does a refund to PayPal take?"}]
    whole = client.chat.completions.create(model="docent/help", messages=messages)
    docent = whole.model_extra["docent"]
    content = whole.choices[0].message.content
    checks.check(
        "an answer from a collection: marks in the text, citations beside it",
        docent["citations"] and all(f"[{entry['marker']}]" in content for entry in docent["citations"]),
        content[:120],
    )
    chunks = list(client.chat.completions.create(model="docent/help", messages=messages, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    checks.check(
        "the same streamed, with the citations in the last chunk",
        text == content and chunks[-1].model_extra["docent"]["citations"] == docent["citations"],
    )
    follow = messages + [{"role": "assistant", "content": content}, {"role": "user", "content": "And to a credit card?"}]
    answer = client.chat.completions.create(model="docent/help", messages=follow)
    checks.check(
        "a follow-up keeps its topic",
        any("refund" in entry["document_id"] for entry in answer.model_extra["docent"]["passages"][:3]),
        answer.choices[0].message.content[:120],
    )
    local = client.chat.completions.create(
        model="docent/help", messages=messages, extra_body={"docent": {"generator": "local", "top_k": 3}}
    )
    checks.check("a collection with the local decoder", local.model_extra["docent"]["id"], local.choices[0].message.content[:120])


def errors_part(client, decoder, server, checks):
    messages = [{"role": "user", "content": "Hi"}]
    create = lambda **more: client.chat.completions.create(**{"model": decoder, "messages": messages, **more})
    missing = fails(openai.NotFoundError, lambda: create(model="gpt-4"))
    checks.check("an unknown model is NotFoundError", missing and missing.code == "model_not_found", missing)
    for name, more in [
        ("temperature", {"temperature": 9}),
        ("tools", {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}),
        ("n", {"n": 3}),
        ("messages", {"messages": [{"role": "user", "content": "long " * 20_000}]}),
        (
            "response_format",
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}}},
        ),
    ]:
        for stream in (False, True):
            error = fails(openai.BadRequestError, lambda: create(stream=stream, **more))
            checks.check(
                f"{name}, stream {stream}: BadRequestError that names it",
                error and error.param == name and error.type == "invalid_request_error",
                str(error)[:140],
            )
    metric = lambda name: int(
        next(line for line in server.request("GET", "/metrics").body.decode().splitlines() if line.startswith(name + " ")).split()[1]
    )
    stream = create(max_tokens=1000, temperature=1, stream=True)
    next(iter(stream))
    start = time.monotonic()
    stream.close()
    while metric("docent_decoder_running_texts") and time.monotonic() - start < 10:
        time.sleep(0.005)
    seconds = time.monotonic() - start
    checks.check(
        "a stream that is given up ends on the server",
        seconds < 1 and metric("docent_decoder_cancelled_total") >= 1,
        f"{seconds * 1000:.0f} ms, the polling included",
    )


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--decoder", default="smollm2-135m-instruct")
    arguments = parser.parse_args()
    checks = common.Checks()
    with common.Work(arguments) as work:
        made = common.run(
            [arguments.docent, "ingest", common.ROOT / "corpus/shop-help", "--recursive", "--collection", "help"]
            + ["--data", work / "data", "--models", arguments.models]
        )
        if made.code != 0:
            sys.exit(f"the collection can't be made: {' '.join(made.error_lines)}")
        with Server(arguments, work / "data") as server:
            client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key="none", max_retries=0)
            models_part(client, arguments.decoder, checks)
            decoder_part(client, arguments.decoder, checks)
            collection_part(client, checks)
            errors_part(client, arguments.decoder, server, checks)
    common.save(arguments, "openai_sdk", {"openai": openai.__version__, "checks": checks.rows, "failed": checks.failed})
    checks.finish()


main()
