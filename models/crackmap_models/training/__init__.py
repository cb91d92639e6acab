"""From labelled tiles to weights."""
