"""Calibrations as programs that compute structure from motion write them."""
