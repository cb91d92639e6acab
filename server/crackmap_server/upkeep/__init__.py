"""What keeps a log healthy: backups, restoring them, and looking whether all is there."""
