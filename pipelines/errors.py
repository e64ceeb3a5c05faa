"""Mistakes that a user can put right."""

from __future__ import annotations


class UserError(Exception):
    """Something to be put right by the user; the message is a sentence that says what, where and what to do.

    It never holds a value from the data, so that it may be logged.
    """


class SettingsError(UserError):
    """A file of settings cannot be used; the message says where, what was found and what is allowed."""
