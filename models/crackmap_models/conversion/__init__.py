"""From weights to a file that small devices run."""
