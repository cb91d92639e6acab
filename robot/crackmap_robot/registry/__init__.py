"""A server's registered models: taking one, testing it, and scoring the server's frames again with it."""
