"""`crackmap robot board` and `crackmap robot calibrate`: a camera file from photographs of a printed board."""
