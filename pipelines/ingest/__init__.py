"""From foreign export files to canonical entities."""
