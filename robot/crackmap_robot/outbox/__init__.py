"""The outbox: what was found and is not yet on the server, in one SQLite file on the robot.

A report and the pictures that go with it are one transaction, on disk (WAL, `synchronous=FULL`) before the frame counts
as done. Photographs are not copied: the outbox holds their path and hash, crops it holds itself.

States of reports and pictures: waiting ─▶ stored (the server has it on disk)
                                        ─▶ refused (with the server's words, kept and shown)
"""

from crackmap_robot.outbox.outbox import Outbox
from crackmap_robot.outbox.states import Counts, Refusal, State, Verdict, Waiting

__all__ = ["Counts", "Outbox", "Refusal", "State", "Verdict", "Waiting"]
