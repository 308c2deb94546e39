"""What the solar panels of the simulated household give over one day: the sun's path over Brussels, and clouds.

The usual textbook formulas: declination, equation of time, a clear-sky beam that air mass weakens. Good to a few percent,
which is far finer than any cloud.
"""

from datetime import date, datetime
from math import cos, pi, radians, sin
from zoneinfo import ZoneInfo

from reader.dice import Dice

BRUSSELS = ZoneInfo("Europe/Brussels")
MINUTES_PER_DAY = 1440

_LATITUDE = radians(50.85)
_LONGITUDE_HOURS = 4.35 / 15  # 15 degrees are one hour
_TILT = radians(35)  # of panels that face south
_AREA_KW_PER_KW_M2 = 6.0 * 0.82  # 6 kWp, less heat, cables and dirt
_INVERTER_LIMIT_W = 5000  # as much as may be fed into one phase in Belgium
_EXTRATERRESTRIAL_W_M2 = 1361.0
_LOWEST_SINE = 0.02  # sun about one degree high: below it the panels give nothing


def solar_power_w(day: date, dice: Dice) -> list[int]:
    """Give the power in W at each full minute of the clock from midnight to midnight, both included (1441 values).

    The offset of noon holds for the whole day: when the clocks change, it is dark.
    """
    noon_offset = datetime(day.year, day.month, day.day, 12, tzinfo=BRUSSELS).utcoffset()
    offset_hours = noon_offset.total_seconds() / 3600 if noon_offset is not None else 0.0
    day_of_year = day.timetuple().tm_yday
    shades = _cloud_shades(dice)
    return [_power_w(day_of_year, minute / 60 - offset_hours, shade) for minute, shade in zip(range(1441), shades, strict=True)]


def _power_w(day_of_year: int, utc_hours: float, shade: float) -> int:
    """Give the power of the panels; `shade` is 0 under a clear sky and 1 under a closed one."""
    declination = -radians(23.44) * cos(2 * pi * (day_of_year + 10) / 365.25)
    season = 2 * pi * (day_of_year - 81) / 365
    equation_of_time_min = 9.87 * sin(2 * season) - 7.53 * cos(season) - 1.5 * sin(season)
    hour_angle = radians(15) * (utc_hours + _LONGITUDE_HOURS + equation_of_time_min / 60 - 12)
    height = _sine_above(_LATITUDE, declination, hour_angle)
    if height < _LOWEST_SINE:
        return 0
    beam_w_m2: float = _EXTRATERRESTRIAL_W_M2 * 0.7 ** ((1 / height) ** 0.678)
    # A plane that is tilted south by some angle sees the sun as a flat one does that much nearer to the equator.
    on_panels = max(0.0, _sine_above(_LATITUDE - _TILT, declination, hour_angle))
    diffuse_w_m2 = beam_w_m2 * height * (0.12 + 0.23 * shade)
    irradiance_w_m2 = beam_w_m2 * on_panels * (1 - shade) + diffuse_w_m2
    return min(_INVERTER_LIMIT_W, round(_AREA_KW_PER_KW_M2 * irradiance_w_m2))


def _sine_above(latitude: float, declination: float, hour_angle: float) -> float:
    """Give the sine of the sun's height at that latitude."""
    return sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle)


def _cloud_shades(dice: Dice) -> list[float]:
    """Give the shade, 0 to 1, at each of the 1441 minutes: a day's cover, weather that passes, and single clouds."""
    cover = dice.share() * 1.2 - 0.2
    weather = _wandering(dice, every_minutes=60)
    clouds = _wandering(dice, every_minutes=4)
    return [min(1.0, max(0.0, cover + slow - 0.5 + 1.5 * (fast - 0.5))) for slow, fast in zip(weather, clouds, strict=True)]


def _wandering(dice: Dice, every_minutes: int) -> list[float]:
    """Give 1441 values between 0 and 1 that run straight from one random value to the next."""
    knots = [dice.share() for _ in range(MINUTES_PER_DAY // every_minutes + 2)]
    values = []
    for minute in range(MINUTES_PER_DAY + 1):
        knot, rest = divmod(minute, every_minutes)
        values.append(knots[knot] + (knots[knot + 1] - knots[knot]) * rest / every_minutes)
    return values
