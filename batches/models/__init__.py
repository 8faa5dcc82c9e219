"""The records of the fourth floor."""

from batches.models.amendment import Amendment, AmendmentDecision
from batches.models.attachment import Attachment
from batches.models.batch import Batch, Hold
from batches.models.branch import Branch
from batches.models.changeover import Changeover, ChangeoverPlan
from batches.models.copy import CertifiedCopy
from batches.models.label import LabelReplacement
from batches.models.order import Order
from batches.models.rehearsal import Rehearsal
from batches.models.stage_yield import StageYield
from batches.models.step import Step, StepValue
from batches.models.weighing import Weighing

__all__ = [
    "Amendment",
    "AmendmentDecision",
    "Attachment",
    "Batch",
    "Branch",
    "CertifiedCopy",
    "Changeover",
    "ChangeoverPlan",
    "Hold",
    "LabelReplacement",
    "Order",
    "Rehearsal",
    "StageYield",
    "Step",
    "StepValue",
    "Weighing",
]
