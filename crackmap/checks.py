"""What a check of a robot or a server says, a line each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Checked:
    """What one check came to."""

    subject: str
    good: bool
    said: str

    def line(self) -> str:
        """For people."""
        return f"{'ok' if self.good else 'PROBLEM':9}{self.subject:12}{self.said}"
