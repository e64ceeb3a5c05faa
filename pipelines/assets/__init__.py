"""The assets: each reads, calls a pure function, writes, and reports metadata."""
