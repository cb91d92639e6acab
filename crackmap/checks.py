"""What a check of a robot or a server says, a line each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Checked:
    """What one check came to."""

    subject: str
    good: bool | None
    """None: what is missing is not needed."""
    said: str

    def line(self) -> str:
        """For people."""
        return f"{ {True: 'ok', False: 'PROBLEM', None: 'none'}[self.good]:9}{self.subject:12}{self.said}"
