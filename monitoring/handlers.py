"""What the outbox delivers to the monitoring floor: (kind of message → what to do with it)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from audit.acts import Act
from monitoring.commands.windows import SEAL, seal_window


def seal(payload: Mapping[str, Any], act: Act) -> None:
    """Seal a closed watch; doing it twice changes nothing."""
    seal_window(watch_id=int(payload["watch"]), act=act)


HANDLERS: dict[str, Callable[[Mapping[str, Any], Act], None]] = {SEAL: seal}
