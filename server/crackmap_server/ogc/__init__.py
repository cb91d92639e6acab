"""OGC API - Features beside the REST API: what GIS programs read without anything of ours installed."""
