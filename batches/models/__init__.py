"""The records of the fourth floor."""

from batches.models.amendment import Amendment, AmendmentDecision
from batches.models.attachment import Attachment
from batches.models.batch import Batch, Hold
from batches.models.branch import Branch
from batches.models.copy import CertifiedCopy
from batches.models.label import LabelReplacement
from batches.models.order import Order
from batches.models.rehearsal import Rehearsal
from batches.models.step import Step, StepValue

__all__ = [
    "Amendment",
    "AmendmentDecision",
    "Attachment",
    "Batch",
    "Branch",
    "CertifiedCopy",
    "Hold",
    "LabelReplacement",
    "Order",
    "Rehearsal",
    "Step",
    "StepValue",
]
