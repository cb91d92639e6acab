"""Experiments that show why something is done as it is. What ships depends on none of them."""
