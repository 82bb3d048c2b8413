"""Making and reading elements of WordprocessingML."""

from __future__ import annotations

from typing import Any

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NS = {"w": NAMESPACE}


def tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def attribute(element: Any, name: str, default: str = "") -> str:
    return default if element is None else element.get(tag(name), default)


def make(element: str, /, **attributes: str) -> Any:
    from lxml import etree

    return etree.Element(tag(element), {tag(key): value for key, value in attributes.items()})


def text_of(element: Any) -> str:
    return "".join(element.itertext(tag("t")))
