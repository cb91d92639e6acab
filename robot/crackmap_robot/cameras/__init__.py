"""Where frames come from: one source, one file."""
