"""`crackmap demo`: a wall whose cracks are known, the real scanner and the real server, and what came of it."""
