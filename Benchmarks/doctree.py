"""The documentation tree that the ingest measurements share: HTML of Debian's postgresql-doc-15 and python3-doc.

Makes a folder with links to the .html files alone, `postgresql/…` and `python/…`, so that the page sources that lie
beside Python's pages aren't taken in twice and document ids are the same on every machine. Standard library alone.
"""

import pathlib, subprocess, sys

PACKAGES = {"postgresql": "postgresql-doc-15", "python": "python3.11-doc"}


def html_folder(package):
    """The real folder that holds the package's HTML, from the package manager."""
    listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True)
    if listed.returncode != 0:
        sys.exit(f"the Debian package {package} is not installed: apt-get install {package}")
    pages = [pathlib.Path(path) for path in listed.stdout.splitlines() if path.endswith("/index.html")]
    if not pages:
        sys.exit(f"the Debian package {package} lists no index.html")
    return min(pages, key=lambda path: len(path.parts)).resolve().parent


def make(folder, limit=None, always=()):
    """Links the pages below `folder`; with `limit`, that many, spread evenly, and `always`. Returns their ids."""
    pages = {}
    for name, package in PACKAGES.items():
        root = html_folder(package)
        for path in root.rglob("*.html"):
            pages[f"{name}/{path.relative_to(root)}"] = path
    ids = sorted(pages)
    if limit and limit < len(ids):
        ids = sorted({ids[index * len(ids) // limit] for index in range(limit)} | set(always).intersection(ids))
    for identifier in ids:
        link = folder / identifier
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(pages[identifier])
    return ids
