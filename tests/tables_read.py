"""Printed tables read back as pandoc reads them, cell by cell."""

import json

import pypandoc


def cells(markdown):
    """Return the header and body of the first table as pandoc reads it, and its alignments."""
    document = json.loads(pypandoc.convert_text(markdown, "json", "markdown"))
    table = next(b for b in walk(document["blocks"]) if b["t"] == "Table")
    _, _, columns, head, bodies, _ = table["c"]
    rows = [*head[1], *bodies[0][3]]
    text = [["".join(map(plain, cell[4])) for cell in row[1]] for row in rows]
    return text, [column[0]["t"] for column in columns]


def walk(blocks):
    for block in blocks:
        yield block
        if block["t"] == "Div":
            yield from walk(block["c"][1])


def plain(node):
    if node["t"] == "Str":
        return node["c"]
    if node["t"] in ("Space", "SoftBreak"):
        return " "
    if node["t"] in ("Strong", "Emph", "Plain", "Subscript"):
        return "".join(map(plain, node["c"]))
    if node["t"] == "Quoted":  # typographic marks
        return '"' + "".join(map(plain, node["c"][1])) + '"'
    raise AssertionError(f"markdown leaked into a cell: {node}")
