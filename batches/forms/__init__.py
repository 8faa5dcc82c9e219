"""What people fill in on the screens of this floor."""

from batches.forms.amendments import AddedStepForm, AmendmentForm
from batches.forms.orders import BAGS, CollectionForm, OrderForm

__all__ = ["BAGS", "AddedStepForm", "AmendmentForm", "CollectionForm", "OrderForm"]
