"""Whether a line that the server refuses is to blame, or the server.

A server that speaks TLS, or a proxy, may refuse every request of whatever content with 400. So a line that is refused alone is
given up only if the server has taken another one right before: the newest, which it is asked to take for that purpose. Where
there is none, or that is refused too, the next live points are the witness; nothing waits for them but the backlog.
"""

from dataclasses import dataclass
from enum import Enum

from influx_bridge.rows import Batch, Lane

_REFUSALS_PER_WITNESS = 10


class Verdict(Enum):
    """What follows from a refusal."""

    HALVE = "halve"  # it is one of several
    ASK_WITNESS = "ask a witness"
    REJECT = "reject"  # the line is to blame
    WAIT = "wait for the next live points as a witness"
    STUCK = "stuck"  # whatever is asked is refused: wait before the next try


@dataclass(slots=True)
class Suspicion:
    """Follows the requests that are refused. `suspect` is the lane whose first line is to be asked next, alone."""

    suspect: Lane | None = None
    witness_besides: int | None = None  # the row of the suspect, while another line is to be asked
    _waits: bool = False
    _may_reject: int = 0

    def written(self, batch: Batch) -> None:
        """Learn that the server took a batch."""
        if self._waits:
            self.suspect, self._waits = Lane.BACKLOG, False
            self._may_reject = _REFUSALS_PER_WITNESS
        elif batch.is_witness:
            self.witness_besides = None
            self._may_reject = _REFUSALS_PER_WITNESS
        else:
            self.forget()

    def refused(self, batch: Batch, queued: int) -> Verdict:
        """Judge a batch that the server refused; `queued` counts the rows that wait, this batch among them."""
        if batch.is_witness:
            is_live = self.suspect is Lane.LIVE
            self.forget()
            self._waits = not is_live
            return Verdict.STUCK if is_live else Verdict.WAIT
        if len(batch.rows) > 1:
            return Verdict.HALVE
        if self._may_reject:
            self._may_reject -= 1
            self.suspect = None
            return Verdict.REJECT
        if queued > 1:
            self.suspect, self.witness_besides = batch.lane, batch.rows[0].number
            return Verdict.ASK_WITNESS
        self.forget()
        self._waits = True
        return Verdict.WAIT

    def forget(self) -> None:
        """Begin anew: something else failed in between, or there is no witness."""
        self.suspect = self.witness_besides = None
        self._waits = False
        self._may_reject = 0
