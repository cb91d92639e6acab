"""What people add to the log: what is inspected, where it lies, masks, findings. One kind of thing, one file.

Each is kept version by version in `revisions`; its content is what a PUT takes.
"""
