"""A recipe as a YAML file: read so that what is written is what is understood.

Numbers with a point stay text (so 1.10 keeps its zero and nothing becomes a float), dates stay
text, only ``true`` and ``false`` are truth values, and a key stands once. Anchors and tags are
refused: they can hide what a reader of the file sees, and can grow without bound.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from kernel.errors import Invalid

_LARGEST = 512 * 1024
_DEEPEST = 30


class _Plain(yaml.SafeLoader):
    """YAML with the plain types only."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.composer.ComposerError(None, None, "anchors are not read", event.start_mark)
        if getattr(event, "tag", None):
            raise yaml.composer.ComposerError(None, None, "tags are not read", event.start_mark)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise yaml.composer.ComposerError(
                None, None, f"it is nested more than {_DEEPEST} levels deep", event.start_mark
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) < len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is a plain word", node.start_mark
            )
        if repeated := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(
                None, None, f"{repeated[0]} is there twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), list("tf"))
_Plain.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:null|~|)\Z"), ["n", "~", ""])
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z"), list("-0123456789")
)


def plain_from_yaml(text: str) -> Any:
    """Return what the YAML ``text`` describes, for ``document_from``.

    Raises:
        Invalid: with code ``not_yaml``; the sentence names the line.
    """
    if len(text) > _LARGEST:
        raise Invalid("The recipe is larger than 512 KB.", code="not_yaml")
    try:
        return yaml.load(text, Loader=_Plain)  # noqa: S506  a SafeLoader with fewer types
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}" if mark else ""
        raise Invalid(
            f"The recipe is not readable YAML{where}: {error.problem or 'it ends too early'}.",
            code="not_yaml",
        ) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Invalid("The recipe is not readable YAML.", code="not_yaml") from None
