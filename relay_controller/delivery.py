"""The way of commands to one relay: sent once, again until the relay says that it did, and again before its lease ends."""

from math import inf

from relay_controller.driver import Driver

_REPEAT_S = 5.0  # until a relay that tells its state has confirmed
_FIRST_RETRY_S = 0.1  # when a command could not be sent; then twice as long each time
_LONGEST_RETRY_S = 5.0
_REPEATS_UNTIL_REMARK = 2
_RENEWED_AFTER = 0.3  # of a lease: the third renewal still comes before its end, so two lost messages do not end it


class Delivery:
    """Brings the wanted state to a relay. `now_s` is the monotonic clock's time throughout."""

    def __init__(self, driver: Driver, *, on: bool, tells: bool = False, lease_s: float = 0.0) -> None:
        """Deliver through `driver`, first the state `on`.

        `tells`: the relay tells its state. `lease_s`: after that time it goes off by itself unless it is switched on again;
        0: it does not.
        """
        self._driver = driver
        self._tells = tells
        self._renewal_s = _RENEWED_AFTER * lease_s if lease_s > 0 else inf
        self._wanted = on
        self._sent = 0  # how often the command for `_wanted` was sent; renewals do not count
        self._sent_s = -inf
        self.said: bool | None = None  # what the relay told of itself last
        self._not_before_s = -inf
        self._retry_s = _FIRST_RETRY_S

    def switch(self, now_s: float, *, on: bool) -> None:
        """Want another state, and send the command if it can be sent."""
        if on != self._wanted:
            self._wanted = on
            self._sent = 0
            self.said = None  # what it said before is no answer to this
            self.hurry()
        self.deliver(now_s)

    def deliver(self, now_s: float) -> None:
        """Send the command if it is due: not sent yet, not confirmed for a while, or to be renewed."""
        if now_s < self._due_s:
            return
        if self._driver.switch(on=self._wanted):
            if not self._is_done:
                self._sent += 1
            self._sent_s = now_s
            self._retry_s = _FIRST_RETRY_S
        else:
            self._not_before_s = now_s + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)

    def finish(self, now_s: float) -> bool:
        """Send the command without a pause if it was not sent yet; tell whether it was. There is no later any more."""
        if not self._sent:
            self.hurry()
            self.deliver(now_s)
        return self._sent > 0

    def hurry(self) -> None:
        """Let the next attempt be at once: the broker is back, and while it was away a lease may have run out."""
        self._sent_s = self._not_before_s = -inf
        self._retry_s = _FIRST_RETRY_S

    def heard(self, *, on: bool) -> None:
        """Take in what the relay says of itself."""
        if on == self._wanted:
            self._sent = min(self._sent, 1)
        self.said = on

    def remark(self) -> str:
        """Tell what is wrong with the relay; empty while all is well or the command is on its way."""
        if not self._tells or self._is_done or self._sent < _REPEATS_UNTIL_REMARK:
            return ""
        return "the relay does not answer" if self.said is None else f"the relay says {'ON' if self.said else 'OFF'}"

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until a command is due."""
        return max(0.0, self._due_s - now_s)

    def close(self) -> None:
        """Let go of the relay."""
        self._driver.close()

    @property
    def _is_done(self) -> bool:
        return self._sent > 0 and (not self._tells or self.said == self._wanted)

    @property
    def _due_s(self) -> float:
        """The time of the next attempt; without end if nothing is left to do."""
        if not self._sent:
            return self._not_before_s
        pause_s = self._renewal_s if self._wanted else inf
        if not self._is_done:
            pause_s = min(pause_s, _REPEAT_S)
        return inf if pause_s == inf else max(self._sent_s + pause_s, self._not_before_s)
