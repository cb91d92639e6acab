"""`crackmap robot card` and `crackmap robot prove`: a printed card shows what a day's photographs can show."""
