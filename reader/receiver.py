"""The reception of the meter that the settings name."""

from common.sections import MeterSettings, SerialSettings
from common.settings import Config, SettingsError
from common.telegram import Dialect
from reader.reception import Decrypts, Reception


def reception_of(config: Config, *, recorded: bool = False) -> Reception:
    """Prepare to take in the bytes of the meter of the settings.

    Raises SettingsError if they are encrypted and this machine cannot decrypt.
    """
    meter = config.section(MeterSettings)
    dialect, decryptor = Dialect(meter.dialect), _decryptor_of(config)
    return Reception(meter.name, dialect, meter.timezone, recorded, meter.require_checksum, decryptor)


def _decryptor_of(config: Config) -> Decrypts | None:
    serial = config.section(SerialSettings)
    if not serial.decryption_key:
        return None
    try:
        from reader.decrypt import Decryptor  # noqa: PLC0415 -- only who has an encrypted meter needs cryptography
    except ImportError:
        mend = "mend it with: .venv/bin/pip install --group decrypt (or Debian's python3-cryptography)"
        problem = f"{config.source}: [serial] decryption_key: needs the Python package cryptography; {mend}"
        raise SettingsError([problem]) from None
    return Decryptor(serial.decryption_key, serial.authentication_key)
