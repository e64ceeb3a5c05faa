"""A company whose truth is known, written as real vendors write their exports."""

from twin.parameters import Parameters
from twin.writing import TwinSummary, write_company

__all__ = ["Parameters", "TwinSummary", "write_company"]
