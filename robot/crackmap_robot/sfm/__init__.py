"""What structure-from-motion programs write: poses of the photographs, and the cameras that took them."""
