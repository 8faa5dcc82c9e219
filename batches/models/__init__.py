"""The records of the fourth floor."""

from batches.models.attachment import Attachment
from batches.models.batch import Batch, Hold
from batches.models.branch import Branch
from batches.models.order import Order
from batches.models.step import Step, StepValue

__all__ = ["Attachment", "Batch", "Branch", "Hold", "Order", "Step", "StepValue"]
