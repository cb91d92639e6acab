"""`crackmap surface mosaic`: the poses of overlapping photographs of one plane, from what they share."""
