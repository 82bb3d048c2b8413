"""Reading a YAML study file with line numbers, so that every fault can be found in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cx_value.base.markdown import without_controls
from cx_value.study.findings import Finding

Place = tuple[str | int, ...]
#: A study file beyond these is none: bytes, entries after aliases are written out, digits.
MOST_BYTES, MOST_ENTRIES, MOST_DIGITS = 5_000_000, 100_000, 40


@dataclass(slots=True)
class Document:
    """A parsed file: its content, the line of every entry, and what was wrong with its form."""

    path: Path
    content: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def where(self, place: Place) -> str:
        """Say where an entry stands: its path of keys and, where known, its line."""
        place = tuple(part if isinstance(part, int) else str(part) for part in place)
        keys = ".".join(str(part) for part in place)
        line = next((self.lines[place[:k]] for k in range(len(place), 0, -1)
                     if place[:k] in self.lines), None)  # fmt: skip
        spot = f" (line {line})" if line else ""
        return f"{self.path.name}: {keys}{spot}" if keys else f"{self.path.name}{spot}"


class _Loader(yaml.SafeLoader):
    """YAML without the surprises of its version 1.1 for people who write words.

    ``no``, ``off`` and ``y`` stay words and dates stay text; only true and false are logical.
    Entries are counted, those behind an alias each time anew, so that a few lines cannot unfold
    into a file without end.
    """

    entries = 0

    def count(self, more: int = 1) -> None:
        """Count entries; raise beyond :data:`MOST_ENTRIES`."""
        self.entries += more
        if self.entries > MOST_ENTRIES:
            raise yaml.YAMLError(f"aliases unfold it to more than {MOST_ENTRIES:,} entries")

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Write out merged mappings, each entry counted."""
        super().flatten_mapping(node)
        self.count(len(node.value))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules
            if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}  # fmt: skip
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF")
)


def read_document(path: Path) -> Document:
    """Parse a YAML file; a file that cannot be parsed yields findings instead of content."""
    document = Document(path)
    try:
        content = path.read_bytes()
        if len(content) > MOST_BYTES:
            raise yaml.YAMLError(f"it has {len(content):,} bytes; a study file has fewer")
        text = content.decode("utf-8-sig")
    except OSError:
        document.findings.append(_unreadable(path))
        return document
    except UnicodeDecodeError as error:
        document.findings.append(_not_utf8(path, error.start))
        return document
    except yaml.YAMLError as error:
        document.findings.append(_bad_yaml(path, error))
        return document
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        document.content = _build(loader, node, (), document) if node else None
    except RecursionError:
        words = "an alias contains itself, or entries stand within entries too deeply"
        document.findings.append(_bad_yaml(path, yaml.YAMLError(words)))
    except yaml.YAMLError as error:
        document.findings.append(_bad_yaml(path, error))
    return document


def _build(loader: _Loader, node: yaml.Node, place: Place, document: Document) -> Any:
    loader.count()
    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(loader, node, place, document)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, n, (*place, i), document) for i, n in enumerate(node.value)]
    return _scalar(loader, node)


def _scalar(loader: _Loader, node: yaml.ScalarNode) -> Any:
    """Return a plain value; whole numbers of very many digits stay text."""
    if node.tag.endswith(":int") and len(node.value) > MOST_DIGITS:
        return node.value
    value = loader.construct_object(node, deep=True)
    return without_controls(value) if isinstance(value, str) else value


def _build_mapping(
    loader: _Loader, node: yaml.MappingNode, place: Place, document: Document
) -> dict:
    _find_duplicates(loader, node, place, document)
    loader.flatten_mapping(node)  # "<<: *anchor"; own keys come last and win
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = _key(loader, key_node)
        document.lines[(*place, str(key))] = key_node.start_mark.line + 1
        mapping[key] = _build(loader, value_node, (*place, str(key)), document)
    return mapping


def _key(loader: _Loader, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        return "a list or mapping"
    return _scalar(loader, node)


def _find_duplicates(
    loader: _Loader, node: yaml.MappingNode, place: Place, document: Document
) -> None:
    seen: dict[str, int] = {}
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key, line = str(_key(loader, key_node)), key_node.start_mark.line + 1
        if key in seen:
            document.lines.setdefault((*place, key), seen[key])
            document.findings.append(_duplicate(document, (*place, key), line))
        seen.setdefault(key, line)


def _duplicate(document: Document, place: Place, line: int) -> Finding:
    return Finding(
        document.where(place),
        f"the key {place[-1]!r} is written again on line {line}",
        "each key once",
        "delete one of the two entries",
        kind="duplicate key",
    )


def _unreadable(path: Path) -> Finding:
    problem = "is a folder, not a file" if path.is_dir() else "does not exist or cannot be read"
    return Finding(
        str(path),
        f"the study file {problem}",
        "the path of a study file, usually named study.yml",
        "check the path, or make a study file from your data with: python -m cx_value new DATAFILE",
        kind="missing file",
    )


def _not_utf8(path: Path, position: int) -> Finding:
    return Finding(
        path.name,
        f"the file is not UTF-8 text (byte {position + 1})",
        "a text file saved as UTF-8",
        "open it in an editor and save it with the encoding UTF-8",
        kind="bad yaml",
    )


def _bad_yaml(path: Path, error: yaml.YAMLError) -> Finding:
    mark = getattr(error, "problem_mark", None)
    spot = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    reason = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Finding(
        f"{path.name}{spot}",
        f"this is not YAML: {reason}",
        "key: value lines, indented with spaces; a text holding ': ' or starting with one of "
        "@ & * ! % [ { needs quotes",
        "mend this line, or the one above it",
        kind="bad yaml",
    )
