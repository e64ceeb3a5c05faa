"""A company whose truth is known, written as real vendors write their exports."""

from twin.parameters import MessageParameters, Parameters
from twin.writing import TwinSummary, write_company

__all__ = ["MessageParameters", "Parameters", "TwinSummary", "write_company"]
