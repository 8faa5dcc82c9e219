"""The records of the monitoring floor. Readings have a table and no model: see Note [Readings]."""

from monitoring.models.alarm import Alarm, Watch
from monitoring.models.sensor import QUANTITIES, Sensor, SensorCondition, SimulatedFault

__all__ = ["QUANTITIES", "Alarm", "Sensor", "SensorCondition", "SimulatedFault", "Watch"]
