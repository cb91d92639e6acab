"""What the benches of the server share."""
