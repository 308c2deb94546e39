"""What a service writes for the health check of its container, and how that is judged."""

import json

NAME = "health"  # in $RUNTIME_DIRECTORY
BEAT_S = 10.0  # it is written that often
_OLD_S = 3 * BEAT_S
_WELL = ("online", "disabled")


def written(status: str, trouble: str, now_s: float) -> str:
    """Give the content of the file. `now_s` is the monotonic clock, which the processes of a machine share."""
    return json.dumps({"status": status, "trouble": trouble, "monotonic_s": now_s})


def judged(text: str, now_s: float) -> tuple[bool, str]:
    """Tell from the content of the file whether the service keeps its promise, and say why or why not."""
    try:
        content = json.loads(text)
        status, trouble, age_s = str(content["status"]), str(content["trouble"]), now_s - float(content["monotonic_s"])
    except (ValueError, TypeError, KeyError):
        return False, "the file is damaged"
    if not -_OLD_S < age_s < _OLD_S:  # of an earlier run of the machine, too
        return False, f"no sign of life for {abs(age_s):.0f} s"
    return status in _WELL and not trouble, f"{status}: {trouble}" if trouble else status
