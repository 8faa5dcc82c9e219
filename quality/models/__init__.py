"""The records of the quality floor."""

from quality.models.deviation import Deviation
from quality.models.disposition import Disposition, Review
from quality.models.exception import BatchException

__all__ = ["BatchException", "Deviation", "Disposition", "Review"]
