"""Qualification of an installed system: what is there (IQ), and what it does (OQ).

Every line says what was looked at, what was expected, what was found, and whether that is good. The
questions change nothing: what the operational part writes is rolled back.
"""

from mes.qualification.protocol import protocol_of

__all__ = ["protocol_of"]
