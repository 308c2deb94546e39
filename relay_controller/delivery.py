"""The way of commands to one relay: sent once, or again until the relay says that it did."""

from collections.abc import Mapping
from math import inf

from relay_controller.driver import Driver

_REPEAT_S = 5.0  # until a relay that tells its state has confirmed
_FIRST_RETRY_S = 0.1  # when a command could not be sent; then twice as long each time
_LONGEST_RETRY_S = 5.0
_REPEATS_UNTIL_REMARK = 2


class Delivery:
    """Brings the wanted state to a relay. `now_s` is the monotonic clock's time throughout."""

    def __init__(self, driver: Driver, answers: Mapping[str, bool] | None = None, *, on: bool) -> None:
        """Deliver through `driver`, first the state `on`.

        `answers` is what the relay says when it is on and off, None if it says nothing.
        """
        self._driver = driver
        self._answers = answers and {text.casefold(): on for text, on in answers.items()}
        self._wanted = on
        self._sent = 0  # how often the command for `_wanted` was sent
        self._said: bool | None = None
        self._next_s = -inf
        self._retry_s = _FIRST_RETRY_S

    def switch(self, now_s: float, *, on: bool) -> None:
        """Want another state, and send the command if it can be sent."""
        if on != self._wanted:
            self._wanted = on
            self._sent = 0
            self.hurry()
        self.deliver(now_s)

    def deliver(self, now_s: float) -> None:
        """Send the command if it is due: not sent yet, or not confirmed for a while."""
        if self._is_done or now_s < self._next_s:
            return
        if self._driver.switch(on=self._wanted):
            self._sent += 1
            self._next_s = now_s + _REPEAT_S
        else:
            self._next_s = now_s + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)

    def finish(self, now_s: float) -> bool:
        """Send the command without a pause if it was not sent yet; tell whether it was. There is no later any more."""
        if not self._sent:
            self.hurry()
            self.deliver(now_s)
        return self._sent > 0

    def hurry(self) -> None:
        """Let the next attempt be at once: the broker is back."""
        self._next_s = -inf
        self._retry_s = _FIRST_RETRY_S

    def heard(self, payload: bytes) -> bool:
        """Take in what the relay says of itself; False if that is neither of its two answers."""
        said = (self._answers or {}).get(payload.decode("utf-8", "replace").strip().casefold())
        if said is None:
            return False
        if said == self._wanted:
            self._sent = min(self._sent, 1)
        self._said = said
        return True

    def remark(self) -> str:
        """Tell what is wrong with the relay; empty while all is well or the command is on its way."""
        if self._answers is None or self._is_done or self._sent < _REPEATS_UNTIL_REMARK:
            return ""
        return "the relay does not answer" if self._said is None else f"the relay says {'ON' if self._said else 'OFF'}"

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until a command is due."""
        return inf if self._is_done else max(0.0, self._next_s - now_s)

    def close(self) -> None:
        """Let go of the relay."""
        self._driver.close()

    @property
    def _is_done(self) -> bool:
        return self._sent > 0 and (self._answers is None or self._said == self._wanted)
