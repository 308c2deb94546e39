"""Runs in Home Assistant's own Python: what it would say of announcements, by the schemas of its integration MQTT.

Standard input is a JSON object {topic: payload}; standard output a line for each problem.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.core import HomeAssistant


def problems(component: str, payload: dict[str, Any]) -> Iterator[str]:
    """Give what Home Assistant refuses, and what it drops without a word."""
    schema = import_module(f"homeassistant.components.mqtt.{component}").DISCOVERY_SCHEMA
    try:
        taken = schema(json.loads(json.dumps(payload)))
    except Exception as error:  # noqa: BLE001 -- that of the schema, whose library is another in newer versions
        yield f"refused: {error}"
        return
    yield from unknown(payload, taken, "")
    if component == "sensor":
        yield from unfit(payload)


def unknown(given: object, taken: object, where: str) -> Iterator[str]:
    """Give the keys that do not come out of the schema, down to the deepest."""
    if isinstance(given, dict) and isinstance(taken, dict):
        for key, value in given.items():
            if key not in taken:
                yield f"no key of Home Assistant's: {where}{key}"
            else:
                yield from unknown(value, taken[key], f"{where}{key}.")
    elif isinstance(given, list) and isinstance(taken, list):
        for one, other in zip(given, taken, strict=True):
            yield from unknown(one, other, where)


def unfit(payload: dict[str, Any]) -> Iterator[str]:
    """Give what does not fit together: a unit or a state class and the device class."""
    device_class, unit = payload.get("device_class"), payload.get("unit_of_measurement")
    units = DEVICE_CLASS_UNITS.get(device_class)
    if units is not None and unit not in units:
        yield f"{device_class} is not in {unit}"
    classes = DEVICE_CLASS_STATE_CLASSES.get(device_class)
    if "state_class" in payload and classes is not None and payload["state_class"] not in classes:
        yield f"{device_class} has no state class {payload['state_class']}"


async def main() -> None:
    """Check what comes in, within a Home Assistant that is there but does not run: templates ask for one."""
    with tempfile.TemporaryDirectory() as folder:
        HomeAssistant(folder)
        for topic, payload in json.loads(sys.stdin.read()).items():
            for problem in problems(topic.split("/")[1], payload):
                print(f"{topic}: {problem}")


asyncio.run(main())
