"""What a network sees and where it errs, as one page that opens without a network connection."""
