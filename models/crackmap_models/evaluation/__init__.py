"""From labelled tiles and scores to figures that can be trusted."""
