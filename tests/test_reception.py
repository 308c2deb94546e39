"""`reader.reception`: bytes in, readings out, and a count for everything that goes wrong."""

from datetime import UTC, datetime, timedelta

from common.payload import Reading
from common.telegram import Dialect, LineResult
from reader.decrypt import Decryptor
from reader.diagnosis import SILENT, WRONG_CHECKSUM, WRONG_KEY
from reader.reception import Received, Reception, Rejected
from tests.support.encryption import AUTHENTICATION_KEY, KEY, encrypted
from tests.support.telegrams import expected, made_of, telegram

NOW = datetime(2025, 11, 18, 16, 34, 13, 250_000, tzinfo=UTC)
GOOD, WRONG, CUT = telegram("be-emucs-1.7.1"), telegram("be-wrong-checksum"), telegram("be-cut")


def _reception(*, recorded: bool = False) -> Reception:
    return Reception("home", Dialect.AUTO, "Europe/Brussels", recorded)


def _health(**changes: object) -> dict[str, object]:
    nothing = {
        "telegrams": 0, "crc_errors": 0, "rejected": 0, "skipped_lines": 0, "decrypt_errors": 0, "discarded_bytes": 0,
        "reconnects": 0, "drift_s": None,
    }  # fmt: skip
    return nothing | changes


def test_good_and_rejected_telegrams_come_in_order() -> None:
    """Each rejected one with the place of its slash and the reason."""
    reception = _reception()
    stream = GOOD + WRONG + CUT + GOOD + made_of("hello") + CUT
    events = [*reception.feed(stream), *reception.finish()]
    good = Received(GOOD.removesuffix(b"\r\n"), expected("be-emucs-1.7.1"))
    assert events == [
        good,
        Rejected(len(GOOD), "checksum mismatch: telegram says 8272, computed 8273"),
        Rejected(len(GOOD + WRONG), "cut off by the next telegram"),
        good,
        Rejected(len(GOOD + WRONG + CUT + GOOD), "no line with an OBIS code"),
        Rejected(len(stream) - len(CUT), "cut off by the end"),
    ]
    assert reception.health() == _health(crc_errors=1, rejected=3, discarded_bytes=2 * len(CUT))


def test_a_good_telegram_gets_its_number_its_lag_and_the_drift() -> None:
    """Numbers count up from 1; the drift is the least lag."""
    reception = _reception()
    received = Received(b"", {"timestamp": "2025-11-18T17:34:12+01:00"})
    readings = [reception.reading(received, NOW + timedelta(seconds=s), 100.0 + s) for s in (0, 0.5)]
    assert readings == [
        Reading("home", NOW, 1, received.fields, 1.25),
        Reading("home", NOW + timedelta(seconds=0.5), 2, received.fields, 1.75),
    ]
    assert reception.health() == _health(telegrams=2, drift_s=1.25)


def test_a_telegram_without_time_has_no_lag() -> None:
    """And leaves the drift alone."""
    reception = _reception(recorded=True)
    assert reception.reading(Received(b"", {}), NOW, 1.0) == Reading("home", NOW, 1, {}, None, recorded=True)
    assert reception.health() == _health(telegrams=1)


def test_after_a_lost_port_the_half_telegram_is_not_continued() -> None:
    """The counters go on."""
    reception = _reception()
    assert list(reception.feed(b"noise" + CUT)) == []
    reception.restart()
    assert [type(event) for event in reception.feed(GOOD[len(CUT) :] + GOOD)] == [Received]
    assert reception.health() == _health(reconnects=1, rejected=1, discarded_bytes=5 + len(GOOD))


def test_dialect_and_zone_are_those_of_the_settings() -> None:
    """They reach the decoder."""
    reception = Reception("home", Dialect.DUTCH, "Europe/Helsinki")
    (event,) = reception.feed(made_of("0-0:1.0.0(260701120000S)", "1-0:1.8.1(1*kWh)"))
    assert isinstance(event, Received)
    assert event.fields == {"timestamp": "2026-07-01T12:00:00+03:00", "total_consumption_night": 1.0}


def test_a_wrong_line_is_counted_and_handed_on_with_its_telegram() -> None:
    """The rest of the telegram is good."""
    reception = _reception()
    (event,) = reception.feed(made_of("1-0:1.7.0(bad)", "1-0:2.7.0(00.100*kW)", "1-0:32.7.0(230.0*V"))
    assert isinstance(event, Received)
    assert [(line.code, line.text, line.fields) for line in event.skipped] == [
        ("1-0:1.7.0", "1-0:1.7.0(bad)", {}), ("1-0:32.7.0", "1-0:32.7.0(230.0*V", {}),
    ]  # fmt: skip
    assert all(isinstance(line, LineResult) and line.reason for line in event.skipped)
    assert event.fields["actual_total_injection"] == 0.1
    assert reception.health() == _health(skipped_lines=2)


def test_a_telegram_without_checksum_is_rejected_where_one_is_demanded() -> None:
    """The setting reaches the decoder; auto takes those of DSMR 2."""
    old = telegram("nl-dsmr-2.2")
    for demanded, kinds in ((None, [Received]), (False, [Received]), (True, [Rejected])):
        reception = Reception("home", Dialect.AUTO, "Europe/Brussels", require_checksum=demanded)
        assert [type(event) for event in reception.feed(old)] == kinds


def _encrypted_reception(key: bytes = KEY) -> Reception:
    decryptor = Decryptor(key, AUTHENTICATION_KEY)
    return Reception("home", Dialect.AUTO, "Europe/Brussels", decryptor=decryptor)


def test_encrypted_telegrams_come_out_as_others_do() -> None:
    """What belongs to no good frame is counted, as a frame that cannot be decrypted."""
    reception = _encrypted_reception()
    foreign = encrypted(GOOD, 2, key=bytes(16))
    events = list(reception.feed(b"noise" + encrypted(GOOD, 1) + foreign + encrypted(WRONG, 3) + encrypted(GOOD, 4)))
    good = Received(GOOD.removesuffix(b"\r\n"), expected("be-emucs-1.7.1"))
    assert events == [good, Rejected(len(GOOD), "checksum mismatch: telegram says 8272, computed 8273"), good]
    assert reception.health() == _health(crc_errors=1, decrypt_errors=1, discarded_bytes=5 + len(foreign))
    assert reception.decrypt_errors == 1


def test_after_a_lost_port_the_half_frame_is_not_continued() -> None:
    """It is an error of decryption."""
    reception, frame = _encrypted_reception(), encrypted(GOOD)
    assert list(reception.feed(frame[:300])) == []
    reception.restart()
    assert [type(event) for event in reception.feed(frame[300:] + frame)] == [Received]
    assert reception.health() == _health(decrypt_errors=1, reconnects=1, discarded_bytes=len(frame))


def test_it_says_what_came_since_the_last_good_telegram() -> None:
    """Nothing after a good telegram, and nothing of before the port was lost."""
    reception = _reception()
    assert reception.why_no_telegram() == SILENT
    list(reception.feed(WRONG))
    assert reception.why_no_telegram() == WRONG_CHECKSUM
    list(reception.feed(GOOD))
    assert reception.why_no_telegram() == SILENT
    list(reception.feed(WRONG))
    reception.restart()
    assert reception.why_no_telegram() == SILENT


def test_it_tells_a_wrong_key_from_telegrams_that_are_wrong_in_themselves() -> None:
    """The second ones were decrypted."""
    wrong_key, wrong_telegrams = _encrypted_reception(bytes(16)), _encrypted_reception()
    assert list(wrong_key.feed(encrypted(GOOD))) == []
    assert wrong_key.why_no_telegram() == WRONG_KEY
    assert [type(event) for event in wrong_telegrams.feed(encrypted(WRONG))] == [Rejected]
    assert wrong_telegrams.why_no_telegram() == WRONG_CHECKSUM
