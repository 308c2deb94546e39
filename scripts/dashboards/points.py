"""Where the queries of the dashboards begin: points in InfluxDB, in Flux, as `influx_bridge` writes them.

There is a point each second, at the meter's time: 31 million a year of each field, and a Raspberry Pi must do it. So each
query begins with what InfluxDB's storage does by itself, without a row in memory: `first` or `last` of a range, or a window in
UTC. A window in local time is none of these (influxdata/influxdb#24293): it always comes second, over the rows that are left.

`${...:raw}` is a variable of the dashboard; Grafana puts the range, the bucket and the width of a point in place of `v....`.
"""

from collections.abc import Sequence

COUNTERS = "${counters:raw}"  # the ending of the counters' names: of day and night, or of the one register
ZONE = 'timezone.location(name: "${timezone:raw}")'


def points(measurement: str, fields: Sequence[str], *, start: str = "v.timeRangeStart", stop: str = "v.timeRangeStop") -> str:
    """Give the points of fields, whose names may be patterns."""
    names = (
        f'r._field == "{fields[0]}"'
        if len(fields) == 1 and fields[0].isidentifier()
        else f"r._field =~ /^({'|'.join(fields)})$/"
    )
    return f"""\
from(bucket: v.defaultBucket)
    |> range(start: {start}, stop: {stop})
    |> filter(fn: (r) => r._measurement == "{measurement}" and {names})"""


def local_window(every: str, fn: str) -> str:
    """Give what an aggregate makes of each local day, at its begin."""
    return f'aggregateWindow(every: {every}, fn: {fn}, createEmpty: false, timeSrc: "_start", location: {ZONE})'


def after(duration: str, time: str) -> str:
    """Give a time so much later."""
    return f"date.add(d: {duration}, to: {time})"
