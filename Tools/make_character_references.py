#!/usr/bin/env python3
"""Writes Sources/Ingestion/HTMLParser/HTMLReferences+Table.swift: HTML's named character references.

    python3 Tools/make_character_references.py

The list is the WHATWG standard's, as Python's standard library has it (html.entities.html5). Needs: nothing else.
"""

import html.entities, pathlib, textwrap

entries = sorted(
    f"{name}={'+'.join(f'{ord(character):X}' for character in text)}" for name, text in html.entities.html5.items()
)
lines = textwrap.wrap(" ".join(entries), 110, break_long_words=False, break_on_hyphens=False)
path = pathlib.Path(__file__).parent.parent / "Sources/Ingestion/HTMLParser/HTMLReferences+Table.swift"
path.write_text(
    "// Written by Tools/make_character_references.py from the WHATWG standard's list: change the script, not this.\n\n"
    "extension HTMLReferences {\n"
    "    /// Names, most with their semicolon, and the code points they stand for, in hexadecimal.\n"
    '    static let table = """\n' + "".join(f"        {line}\n" for line in lines) + '        """\n}\n'
)
print(f"{path.name}: {len(entries)} references")
