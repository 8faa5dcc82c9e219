"""The rock under the house: errors, states, events, transactions, quantities. No models."""
