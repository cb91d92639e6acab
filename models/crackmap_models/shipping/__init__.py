"""A model file with its manifest and card."""
