"""Break a simulated sensor on purpose: for the demo, for rehearsals, for tests."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.edges import act_of_shell
from kernel.errors import Refusal
from monitoring.commands import start_fault, stop_faults
from monitoring.drivers import FAULT_KINDS


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


class Command(BaseCommand):
    """``inject_fault ROOM101-TEMP step --magnitude 6 --seconds 60``"""

    help = "Makes a simulated sensor play a fault, or stops the faults it plays."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the arguments."""
        parser.add_argument("sensor", help="the code of the sensor")
        parser.add_argument("kind", choices=[*FAULT_KINDS, "stop"])
        parser.add_argument("--magnitude", type=_number, default=Decimal(1))
        parser.add_argument("--seconds", type=_number, default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        """Start or stop the fault."""
        sensor, kind = options["sensor"], options["kind"]
        act = act_of_shell(f"simulated fault: {kind}")
        try:
            if kind == "stop":
                count = stop_faults(sensor_code=sensor, act=act)
                self.stdout.write(f"{sensor}: {count} faults stopped")
                return
            fault = start_fault(
                sensor_code=sensor,
                kind=kind,
                magnitude=options["magnitude"],
                seconds=options["seconds"],
                act=act,
            )
        except Refusal as refused:
            raise CommandError(refused.detail) from refused
        until = (
            "until it is stopped"
            if fault.ends_at is None
            else f"until {fault.ends_at:%H:%M:%S} UTC"
        )
        self.stdout.write(f"{sensor}: {kind} {fault.magnitude} {until}")
