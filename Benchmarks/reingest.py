#!/usr/bin/env python3
"""What an ingest costs when little or nothing has changed: Debian's postgresql-doc-15 and python3.11-doc, HTML.

    python3 Benchmarks/reingest.py [--first N] [--runs 7] [--work DIR]

A copy of the pages is taken in once; then, --runs times each: the same again, the same with one page changed, with one
page gone (--sync), and with every page's time of change touched. Wall clock of the whole command, process start
included, by the real encoder; medians. With --work, a collection that is there already is used, and its first run's time
taken from beside it. At the end `docent fsck` has to be clean.

Needs: the two packages. Bars: nothing changed <= 2 % of the first run, one page changed <= 300 ms.
"""

import json, os, shutil, statistics, time

import common, doctree


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--first", type=int, help="so many pages only")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    checks = common.Checks()
    with common.Work(arguments) as root:
        pages, data, note = root / "pages", root / "data", root / "first.json"
        if not pages.exists():
            links = root / "links"
            for name in doctree.make(links, arguments.first):
                target = pages / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(links / name, target)
            shutil.rmtree(links)
        files = sorted(path for path in pages.rglob("*.html"))

        def ingest(*flags):
            start = time.monotonic()
            done = common.run(
                [arguments.docent, "ingest", pages, "--recursive", "--collection", "docs", "--json", "--quiet",
                 "--data", data, "--models", arguments.models, *flags], timeout=3600)
            seconds = time.monotonic() - start
            if done.code != 0:
                raise SystemExit(f"docent ingest ended with {done.code}: {done.error_lines[-1:]}")
            return seconds, done.json["job"]["progress"]

        if not note.exists():
            note.write_text(json.dumps(ingest()[0]))
        first = json.loads(note.read_text())
        time.sleep(2.5)
        ingest()  # Files that were young at the first run get their stamps.

        same, changed, gone, touched = [], [], [], []
        for number in range(arguments.runs):
            seconds, progress = ingest()
            checks.check("all unchanged", progress["unchanged"] == progress["total"] == len(files), progress)
            same.append(seconds)
            page = files[(number + 1) * len(files) // (arguments.runs + 2)]
            text = page.read_bytes()
            page.write_bytes(text.replace(b"</body>", b"<p>Changed in run %d at %d.</p></body>" % (number, time.time_ns())))
            seconds, progress = ingest()
            checks.check("one changed", progress["unchanged"] == len(files) - 1 and not progress["failed"], progress)
            changed.append(seconds)
            page.unlink()
            seconds, progress = ingest("--sync")
            checks.check("one removed", progress["removed"] == 1, progress)
            gone.append(seconds)
            page.write_bytes(text)
            time.sleep(2.2)
            ingest()
            for path in files:
                os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
            time.sleep(2.2)
            seconds, progress = ingest()
            checks.check("all read, none changed", progress["unchanged"] == len(files), progress)
            touched.append(seconds)
        result = {
            "files": len(files), "runs": arguments.runs, "first_s": round(first, 2),
            **{f"{name}_s": round(statistics.median(times), 3) for name, times in (
                ("unchanged", same), ("one_changed", changed), ("one_removed", gone), ("all_touched", touched))},
            "all": {name: [round(t, 3) for t in times] for name, times in (
                ("unchanged", same), ("one_changed", changed), ("one_removed", gone), ("all_touched", touched))},
        }
        print(json.dumps(result, indent=1))
        checks.check("nothing changed: at most 2 % of the first run", statistics.median(same) <= 0.02 * first,
                     f"{statistics.median(same):.3f} s of {first:.1f} s")
        checks.check("one page changed: at most 300 ms", statistics.median(changed) <= 0.3,
                     f"{statistics.median(changed) * 1000:.0f} ms")
        done = common.run([arguments.docent, "fsck", "--data", data])
        checks.check("fsck is clean", done.code == 0)
        common.save(arguments, "reingest", {**result, "missed": checks.failed})
        checks.finish()


main()
