#!/usr/bin/env python3
"""kill -9 of a server that inserts, replaces, deletes, compacts and writes snapshots, hundreds of times.

    VENV/bin/python Benchmarks/index_kill.py [--kills 300] [--seed 1] [--data DIR]

A client sends writes to `docent serve` and notes what was acknowledged; the server is killed at a random moment: while
it starts, while it works, or in the middle of writing its snapshots at the end. Before each restart `docent fsck` has to
find nothing. After it the documents have to be those that were acknowledged (of the request under way, old or new); the
latest version of a document has to be found by its own word, no deleted one by its old vector or word; and the ten
nearest to some vectors, through the index, have to be those that all vectors in the database compared one by one give.
At the end the documents and chunks are compared with those of a fresh folder that was never disturbed.

Writes come in batches that make snapshots frequent (DOCENT_SNAPSHOT_CHANGES), with a tiny encoder, so that there are
many moments to hit. With --data the folder is kept. Only processes started here are killed, by their id. Needs: numpy.
"""
import collections, json, os, pathlib, random, re, signal, sqlite3, subprocess, sys, threading, time

import numpy as np

import common
from server import Server

ENCODER = common.ROOT / "Tests/EncodersTests/Fixtures/tiny-mean"
WORDS = [word for word in (ENCODER / "vocab.txt").read_text().split() if word.isalpha() and len(word) > 2]


class Killed(Exception):
    """The server went away under a request."""


def text(number, version):
    """A document's text: a word of its own, and others from the encoder's vocabulary by chance of its own."""
    chance = random.Random(number * 1000 + version)
    body = " ".join(chance.choice(WORDS) for _ in range(chance.randint(30, 160)))
    return f"{word(number, version)} {body}"


def word(number, version):
    return f"qx{number}v{version}z"


class Client:
    """Sends writes and knows what was acknowledged."""

    def __init__(self, chance, documents):
        self.chance, self.most = chance, documents
        self.acknowledged = {}
        self.versions = collections.Counter()
        # Of the request under way: what each of its documents may be as well.
        self.pending = {}
        self.done = collections.Counter()

    def write(self, server):
        """One request: about as many documents come as go, the collection breathing between half full and full."""
        grows = len(self.acknowledged) < self.most * self.chance.uniform(0.5, 1)
        if grows or not self.acknowledged:
            numbers = {self.chance.randrange(self.most) for _ in range(self.chance.randint(1, 24))}
            for number in numbers:
                self.versions[number] += 1
            self.pending = {number: self.versions[number] for number in numbers}
            documents = [{"id": f"d{n}", "text": text(n, v)} for n, v in self.pending.items()]
            status = self.send(server, "POST", "/documents?wait=true", {"documents": documents})
            assert status == 200, status
            self.acknowledged.update(self.pending)
            self.done["inserted or replaced"] += len(numbers)
        else:
            for number in self.chance.sample(sorted(self.acknowledged), self.chance.randint(1, 24) % len(self.acknowledged) or 1):
                self.pending = {number: None}
                status = self.send(server, "DELETE", f"/documents/d{number}")
                assert status == 204, status
                del self.acknowledged[number]
                self.done["deleted"] += 1
        self.pending = {}

    @staticmethod
    def send(server, method, path, body=None):
        try:
            return server.request(method, "/v1/collections/c" + path, body, timeout=60).status
        except (OSError, Exception) as error:
            if isinstance(error, AssertionError):
                raise
            raise Killed(str(error)) from error


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.data = arguments, pathlib.Path(arguments.data or work / "data")
        self.env = {"DOCENT_ENCODER": str(ENCODER), "DOCENT_SNAPSHOT_CHANGES": "1", "DOCENT_LOG_LEVEL": "notice"}
        self.faults, self.counts = [], collections.Counter()

    def fault(self, line):
        self.faults.append(line)
        print("FAULT", line, flush=True)

    def server(self, data=None):
        return Server(self.arguments, data or self.data, env=self.env)

    def rows(self, query, data=None):
        base = sqlite3.connect(f"file:{data or self.data}/docent.sqlite?mode=ro", uri=True)
        try:
            return base.execute(query).fetchall()
        finally:
            base.close()

    def fsck(self, when):
        done = common.run([self.arguments.docent, "fsck", "--json", "--data", self.data], env=self.env)
        if done.code != 0:
            found = done.json["findings"][:3] if done.out else done.error_lines
            self.fault(f"{when}: fsck ends with {done.code}: {found}")

    def stored(self, data=None):
        """Documents by number, with the version their text begins with."""
        found = {}
        for name, content in self.rows(
            "SELECT external_id, text FROM documents JOIN document_texts ON document_id = documents.id", data
        ):
            match = re.match(r"qx(\d+)v(\d+)z ", content)
            found[int(name[1:])] = int(match.group(2)) if match and match.group(1) == name[1:] else -1
        return found

    def settle(self):
        """Waits for jobs that were cut off: they go on by themselves."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not self.rows("SELECT 1 FROM jobs WHERE state IN ('queued', 'running') LIMIT 1"):
                return
            time.sleep(0.02)
        self.fault("a job does not go on after the restart")

    def reconcile(self, client, when):
        """What is stored is what was acknowledged; of the request under way each document is old or new."""
        stored = self.stored()
        for number, version in client.pending.items():
            held = stored.get(number)
            if held == version:
                if version is None:
                    client.acknowledged.pop(number, None)
                else:
                    client.acknowledged[number] = version
                self.counts["unacknowledged and done"] += 1
            else:
                self.counts["unacknowledged and not done"] += 1
        client.pending = {}
        if stored != client.acknowledged:
            wrong = [n for n in {*stored, *client.acknowledged} if stored.get(n) != client.acknowledged.get(n)]
            self.fault(f"{when}: " + str([(n, stored.get(n), client.acknowledged.get(n)) for n in wrong[:5]]))

    def search(self, server, **body):
        reply = server.request("POST", "/v1/collections/c/search", {"top_k": 10, **body})
        assert reply.status == 200, (reply.status, reply.body[:200])
        return reply.json["hits"]

    def ask(self, server, client, gone, chance, when):
        """Searches by word and by vector, against the database's own vectors."""
        rows = self.rows(
            "SELECT chunk_id, external_id, vector FROM chunk_vectors JOIN chunks ON chunks.id = chunk_id"
            " JOIN documents ON documents.id = document_id")
        if not rows:
            return
        matrix = np.stack([np.frombuffer(row[2], np.float32) for row in rows])
        for place in chance.sample(range(len(rows)), min(4, len(rows))):
            scores = matrix @ matrix[place]
            hits = self.search(server, vector=matrix[place].tolist(), mode="dense")
            best = np.sort(scores)[::-1][: len(hits)]
            found = [hit["scores"]["dense"] for hit in hits]
            self.counts["neighbours wanted"] += len(best)
            self.counts["neighbours found"] += int(sum(score >= best[-1] - 1e-4 for score in found))
            if len(hits) != min(10, len(rows)) or abs(found[0] - best[0]) > 1e-3:
                self.fault(f"{when}: {len(hits)} hits, best {found[:1]}, in the database {best[0]}")
        for number in chance.sample(sorted(client.acknowledged), min(3, len(client.acknowledged))):
            hits = self.search(server, query=word(number, client.acknowledged[number]), mode="lexical")
            if f"d{number}" not in {hit["document_id"] for hit in hits}:
                self.fault(f"{when}: d{number} is not found by its word")
        for number, (version, vector) in list(gone.items())[-3:]:
            if number in client.acknowledged:
                continue
            hits = self.search(server, query=word(number, version), mode="lexical") + self.search(
                server, vector=vector, mode="dense")
            if f"d{number}" in {hit["document_id"] for hit in hits}:
                self.fault(f"{when}: d{number} is back from the dead")


def kill(process, delay, snapshots, after):
    """Kills `process` after `delay` seconds, or `after` seconds once a file is being written in `snapshots`."""
    deadline = time.monotonic() + (10 * delay if snapshots else delay)
    while time.monotonic() < deadline:
        if snapshots and any(name.endswith(".partial") for _, _, names in os.walk(snapshots) for name in names):
            time.sleep(after)
            break
        time.sleep(0.0003 if snapshots else 0.001)
    process.kill()


def cycle(bench, client, gone, chance, number):
    """A start, checks, writes until the kill; returns the moment it hit."""
    when, moment = f"kill {number}", chance.random()
    if moment < 0.1:
        # While it starts.
        process = subprocess.Popen(
            bench.server().command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **bench.env})
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.wait()
        bench.counts["killed while starting"] += 1
        return
    with bench.server() as server:
        if server.request("GET", "/readyz").status != 200:
            bench.fault(f"{when}: the server is not ready")
        bench.settle()
        bench.reconcile(client, when)
        bench.ask(server, client, gone, chance, when)
        before = dict(client.acknowledged)
        vectors = dict(bench.rows(
            "SELECT external_id, vector FROM documents JOIN chunks ON document_id = documents.id AND ordinal = 0"
            " JOIN chunk_vectors ON chunk_id = chunks.id"))
        if moment < 0.25:
            # While it stops: what remains to be done then is the writing of snapshots.
            for _ in range(chance.randint(1, 3)):
                client.write(server)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(chance.uniform(0, 0.06))
            server.process.kill()
            bench.counts["killed while stopping"] += 1
        else:
            delay = chance.uniform(0.005, bench.arguments.longest)
            # A quarter of the kills waits for a snapshot to be begun, the others for a moment drawn beforehand.
            snapshots = bench.data / "collections" if moment < 0.5 else None
            killer = threading.Thread(target=kill, args=(server.process, delay, snapshots, chance.uniform(0, 0.004)))
            killer.start()
            try:
                while server.is_alive:
                    client.write(server)
            except Killed:
                pass
            killer.join()
            bench.counts["killed while writing" if client.pending else "killed between requests"] += 1
        server.process.wait()
    for gone_number in set(before) - set(client.acknowledged):
        vector = vectors.get(f"d{gone_number}")
        if vector:
            gone[gone_number] = (before[gone_number], np.frombuffer(vector, np.float32).tolist())
    partial = list(bench.data.glob("collections/*/*.partial"))
    bench.counts["killed in the middle of a snapshot"] += bool(partial)


def added(path, result):
    """The result of this run and of those in the file at `path`, with other seeds, together."""
    if not path.exists():
        return result
    before = json.loads(path.read_text())
    together = lambda one, two: dict(collections.Counter(one) + collections.Counter(two))
    counts = together(before["counts"], result["counts"])
    return {
        "kills": before["kills"] + result["kills"], "seeds": before["seeds"] + result["seeds"],
        "faults": before["faults"] + result["faults"], "counts": counts,
        "writes": together(before["writes"], result["writes"]),
        "recall_at_10": round(counts["neighbours found"] / counts["neighbours wanted"], 4),
        "equal_to_undisturbed": before["equal_to_undisturbed"] and result["equal_to_undisturbed"],
        "documents": result["documents"], "seconds": before["seconds"] + result["seconds"],
    }


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=150)
    parser.add_argument("--longest", type=float, default=0.7, help="most seconds of work before a kill")
    parser.add_argument("--minutes", type=float, default=60, help="stop after this long, with fewer kills")
    parser.add_argument("--add", action="store_true", help="add to the results file of runs with other seeds")
    parser.add_argument("--data", help="the data folder, kept")
    arguments = parser.parse_args()
    chance, start = random.Random(arguments.seed), time.monotonic()
    client, gone, kills = Client(chance, arguments.documents), {}, 0
    with common.Work(arguments) as work:
        bench = Bench(arguments, work)
        created = common.run(
            [arguments.docent, "collections", "create", "c", "--data", bench.data, "--encoder", ENCODER], env=bench.env)
        if created.code != 0:
            sys.exit(f"the collection can't be made: {created.error_lines}")
        while kills < arguments.kills and time.monotonic() - start < arguments.minutes * 60:
            cycle(bench, client, gone, chance, kills)
            kills += 1
            bench.fsck(f"after kill {kills}")
            if kills % 25 == 0:
                print(f"{kills} kills, {len(bench.faults)} faults, {time.monotonic() - start:.0f} s", flush=True)
        with bench.server() as server:
            bench.settle()
            bench.reconcile(client, "at the end")
            bench.ask(server, client, gone, chance, "at the end")
        bench.fsck("at the end")
        # The undisturbed twin: the same documents, once, in a fresh folder.
        twin = work / "twin"
        common.run([arguments.docent, "collections", "create", "c", "--data", twin, "--encoder", ENCODER], env=bench.env)
        with bench.server(twin) as server:
            documents = [{"id": f"d{n}", "text": text(n, v)} for n, v in sorted(client.acknowledged.items())]
            for first in range(0, len(documents), 50):
                client.send(server, "POST", "/documents?wait=true", {"documents": documents[first : first + 50]})
        query = ("SELECT external_id, ordinal, chunks.text, utf8_start, utf8_end FROM chunks"
                 " JOIN documents ON documents.id = document_id ORDER BY external_id, ordinal")
        equal = bench.rows(query) == bench.rows(query, twin)
        if not equal:
            bench.fault("the contents are not those of an undisturbed run")
    recall = bench.counts["neighbours found"] / max(1, bench.counts["neighbours wanted"])
    result = {
        "kills": kills, "seeds": [arguments.seed], "faults": bench.faults, "counts": dict(bench.counts),
        "writes": dict(client.done), "recall_at_10": round(recall, 4), "equal_to_undisturbed": equal,
        "documents": len(client.acknowledged), "seconds": round(time.monotonic() - start),
    }
    if arguments.add:
        result = added(pathlib.Path(arguments.results) / "index_kill.json", result)
    print(json.dumps(result, indent=1))
    common.save(arguments, "index_kill", result)
    sys.exit(1 if bench.faults or recall < 0.98 else 0)


main()
