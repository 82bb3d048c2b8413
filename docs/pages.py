"""Pages made from the code: reference of study.yml, method notes, API. A MkDocs hook."""

from __future__ import annotations

import inspect
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "analysis"))

WORDS = {
    "en": {
        "reference": "Reference of study.yml", "key": "Key", "means": "Meaning",
        "default": "Default", "allowed": "Allowed", "required": "required", "of": "entries of",
        "head": "Every key a study file may have; under a heading, those of one kind of entry. "
        "An editor explains them too: `cx-value new` writes the JSON Schema beside the study.",
        "methods": "Method notes", "formula": "Formula", "when": "When", "source": "Source",
        "agrees": "Agrees with", "reviewers": "Reviewers ask",
        "methods_head": "What is computed, after whom, and which program or published table the "
        "tests compare it with (`tests/reference/`).",
        "api": "API", "api_head": "The functions that notebooks call. Everything else is read in "
        "the source; each function bears its formula, source and an example that is run as a test.",
    },
    "zh": {
        "reference": "study.yml 参考", "key": "键", "means": "含义", "default": "默认",
        "allowed": "可取值", "required": "必填", "of": "所含条目：",
        "head": "研究文件可用的全部键；每个标题下为一类条目的键。编辑器也会给出说明："
        "`cx-value new` 会在研究文件旁写入 JSON Schema。",
        "methods": "方法说明", "formula": "公式", "when": "适用", "source": "来源",
        "agrees": "核对依据", "reviewers": "审稿人常问",
        "methods_head": "计算内容、出处，以及测试所对照的程序或已发表的表（`tests/reference/`）。",
        "api": "API",
        "api_head": "笔记本所调用的函数；每个函数的说明含公式、来源与可运行的示例（英文）。",
    },
}  # fmt: skip
#: Modules whose public functions the API page lists.
PUBLIC = ("cx_value.study", "cx_value.sem", "cx_value.measure", "cx_value.value")


def reference(lang: str) -> str:
    """Return the page of every key, from its one description."""
    from cx_value.study.schema import keys_of, kinds

    word = WORDS[lang]
    lines = [f"# {word['reference']}", "", word["head"], ""]
    for model in kinds():
        title = "study.yml" if model.__name__ == "Study" else model.__name__
        head = f"| {word['key']} | {word['means']} | {word['default']} |"
        lines += [f"## {title} {{ #{model.__name__.lower()} }}", "", head, "|---|---|---|"]
        lines += [_key_row(key, lang) for key in keys_of(model)]
        lines.append("")
    return "\n".join(lines)


def _key_row(key: Any, lang: str) -> str:
    word = WORDS[lang]
    said = key.said[lang].replace("|", "\\|")
    if key.allowed:
        said += f" {word['allowed']}: " + ", ".join(f"`{choice}`" for choice in key.allowed)
    if key.entries is not None:
        said += f" → [{key.entries.__name__}](#{key.entries.__name__.lower()})"
    default = word["required"] if key.required else _plain(key.default)
    return f"| `{key.name}` | {said} | {default} |"


def _plain(value: Any) -> str:
    if value is None or value in ((), {}, "") or hasattr(value, "model_dump"):
        return "–"
    if isinstance(value, tuple) and any(hasattr(entry, "model_dump") for entry in value):
        return ", ".join(str(entry.name) for entry in value)
    if isinstance(value, tuple | list):
        return ", ".join(f"`{entry}`" for entry in value)
    if isinstance(value, dict):
        return ", ".join(f"`{k}: {v}`" for k, v in value.items())
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def methods(lang: str) -> str:
    """Return the method notes."""
    word = WORDS[lang]
    notes = yaml.safe_load((ROOT / "docs" / "methods.yml").read_text(encoding="utf-8"))
    lines = [f"# {word['methods']}", "", word["methods_head"], ""]
    for note in notes:
        lines += [f"## {note['name'][lang]}", ""]
        if note.get("formula"):
            lines += [f"{word['formula']}: `{note['formula']}`", ""]
        sources = "; ".join(map(_cited, note["sources"])) or "–"
        lines += [f"- **{word['when']}**: {note['when'][lang]}",
                  f"- **{word['source']}**: {sources}",
                  f"- **{word['agrees']}**: {note['agrees'][lang]}",
                  f"- **{word['reviewers']}**: {note['reviewers'][lang]}", ""]  # fmt: skip
        if rows := note.get("table"):
            lines += ["| " + " | ".join(row[lang]) + " |" for row in rows] + [""]
            lines.insert(-len(rows), "|" + "---|" * len(rows[0][lang]))
    return "\n".join(lines)


def _cited(key: str) -> str:
    """Return author, year and DOI of a source as the bibliography has them."""
    text = (ROOT / "report" / "references.bib").read_text(encoding="utf-8")
    entry = re.search(rf"^@\w+\{{{key},(.*?)(?=^@|\Z)", text, re.DOTALL | re.MULTILINE)
    if entry is None:
        raise KeyError(f"no source {key} in report/references.bib")
    field = dict(re.findall(r"(\w+)\s*=\s*\{((?:[^{}]|\{[^{}]*\})*)\}", entry[1]))
    authors = [_surname(a) for a in field.get("author", key).split(" and ")]
    more = f" & {authors[1]}" if len(authors) == 2 else " et al." if authors[2:] else ""
    link = f", [doi](https://doi.org/{field['doi']})" if "doi" in field else ""
    return f"{authors[0]}{more} ({field.get('year', '')}){link}"


def _surname(author: str) -> str:
    """Return a surname without the signs of TeX.

    >>> _surname('Rosseel, Yves'), _surname("{van der Walt}, St{\\'e}fan J.")
    ('Rosseel', 'van der Walt')
    """
    accents = {'"': "\u0308", "'": "\u0301", "`": "\u0300"}
    name = re.sub(r"\{?\\(.)\{?(\w)\}?\}?", lambda m: m[2] + accents.get(m[1], ""), author)
    return unicodedata.normalize("NFC", name.split(",")[0].strip(" {}"))


def api(lang: str) -> str:
    """Return what each public function answers, by module."""
    import importlib

    word = WORDS[lang]
    lines = [f"# {word['api']}", "", word["api_head"], ""]
    for name in PUBLIC:
        module = importlib.import_module(name)
        functions = [(n, getattr(module, n)) for n in getattr(module, "__all__", dir(module))
                     if not n.startswith("_")]  # fmt: skip
        functions = [(n, f) for n, f in functions if inspect.isfunction(f)]
        lines += [f"## {name}", ""]
        for title, function in sorted(functions):
            doc = inspect.getdoc(function) or ""
            lines += [f"### {title}", "", "```text", f"{title}{inspect.signature(function)}", "```",
                      "", doc.split("\n\n")[0], ""]  # fmt: skip
    return "\n".join(lines)


MADE = {f"{lang}/{page.__name__}.md": (page, lang)
        for lang in ("en", "zh") for page in (reference, methods, api)}  # fmt: skip


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made to those that are written."""
    from mkdocs.structure.files import File

    for path, (page, lang) in MADE.items():
        files.append(File.generated(config, path, content=page(lang)))
    return files
