"""The names of the topics (contract, section 3)."""

from dataclasses import dataclass

TELEGRAM = "telegram"
BACKFILL = "backfill"
RAW = "raw"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one meter under one base topic, `smartmeter/home/...`."""

    base: str
    meter: str

    @property
    def telegram(self) -> str:
        """Live telegrams, as JSON."""
        return self.of(TELEGRAM)

    @property
    def backfill(self) -> str:
        """Telegrams of an outage, sent later, for those who keep every point."""
        return self.of(BACKFILL)

    @property
    def raw(self) -> str:
        """The bytes of each telegram."""
        return self.of(RAW)

    def of(self, name: str) -> str:
        """Give the topic of a field, or any other directly under the meter."""
        return f"{self.base}/{self.meter}/{name}"

    def status(self, service: str) -> str:
        """Give the topic on which a service is online, stale or offline."""
        return self.of(f"{service}/status")

    def health(self, service: str) -> str:
        """Give the topic of a service's counters."""
        return self.of(f"{service}/health")

    def load(self, name: str, what: str) -> str:
        """Give a topic of a load: state, set, mode, shadow, reason or switch."""
        return self.of(f"load/{name}/{what}")

    def load_name(self, topic: str, what: str) -> str | None:
        """Give the load that `topic` tells `what` of, or None if it is another topic."""
        prefix, suffix = self.of("load/"), f"/{what}"
        name = topic.removeprefix(prefix).removesuffix(suffix)
        return name if topic == f"{prefix}{name}{suffix}" and name and "/" not in name else None
