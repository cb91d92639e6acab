"""Closing an inspection: what is reported from it then can be read for ever, whatever comes later."""
