"""crackmap on the robot: frames to tiles, scores, surface coordinates and a durable outbox."""
