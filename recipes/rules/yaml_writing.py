"""A recipe written as YAML: what is read back is the same recipe, and writes the same bytes."""

from __future__ import annotations

from typing import Any

import yaml


class _Block(yaml.SafeDumper):
    """YAML in blocks, lists indented under their key, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value twice rather than name it: anchors are not read."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list, as people do."""
        super().increase_indent(flow, False)


def yaml_of(plain: Any) -> str:
    """Return a plain document as YAML, its parts in the order of the document."""
    return yaml.dump(plain, Dumper=_Block, sort_keys=False, allow_unicode=True, width=100)
