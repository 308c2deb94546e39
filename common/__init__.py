"""What the four services share: the register table, decoding, payloads, topics, settings and the broker session."""

from common.lazy import load_when_used


def _annotations(cls: type) -> dict[str, object]:
    """Give a class's own annotations, as `inspect.get_annotations` does."""
    return dict(vars(cls).get("__annotations__", {}))


# All that dataclasses ask it for, as long as each has a docstring; with what it loads it takes 1.3 MB of each service.
load_when_used("inspect", get_annotations=_annotations)
load_when_used("ipaddress")  # urllib.parse asks it about addresses in brackets
