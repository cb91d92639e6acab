"""Where the camera was: one source of poses, one file."""
