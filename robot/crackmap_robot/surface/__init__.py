"""`crackmap surface …`: where a surface's frame is, and poses in it."""
