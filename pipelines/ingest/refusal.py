"""A file that cannot be taken."""

from __future__ import annotations


class RefusalError(Exception):
    """The file cannot be taken; the message is a sentence for people, without any value from the file."""
