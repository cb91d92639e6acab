"""Registered models: which one an inspection uses, and scoring its frames again. The server never loads a model."""
