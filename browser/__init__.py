"""Debian's Chromium, to look at the pages for people as they do: for tests and screenshots, never for the batch."""
