"""crackmap's inspection log: reports in, crack positions, pictures and maps out."""
