"""What may be removed when it is old enough, and removing it. Nothing is, unless a setting says so."""
