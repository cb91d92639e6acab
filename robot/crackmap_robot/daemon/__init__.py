"""`crackmap robot run`: scans whatever the camera sees, until it is told to stop."""
