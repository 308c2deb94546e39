"""`python -m demo.watch -c FILE`: each telegram as a line, from the broker and with the login of the settings."""

import argparse
import sys

from common.log import start_logging
from common.sections import LoggingSettings
from common.service import DEFAULT_CONFIG, EXIT_OK, open_session, report_problems
from common.settings import SettingsError
from common.settings_file import load_config
from common.waiting import Stop, wait_for
from demo.output import OutputGoneError
from demo.show import Show

_LONG_S = 3600.0


def main() -> int:
    """Show what comes until asked to stop; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.watch", description="Show each telegram that is on the broker.")
    parser.add_argument("-c", "--config", metavar="FILE", default=DEFAULT_CONFIG, help="the settings")
    config = load_config(parser.parse_args().config, ())
    if isinstance(config, SettingsError):
        return report_problems(config)
    start_logging(config.section(LoggingSettings).loglevel)
    session = open_session(config, "watch", announce=False)
    session.subscribe(session.topics.telegram, qos=0)
    show = Show(session)
    with Stop() as stop:
        session.start()
        try:
            while not stop.requested:
                wait_for([session, stop], _LONG_S)
                for message in session.take():
                    show.take(message)
        except OutputGoneError:  # whoever reads the output has seen enough
            pass
        finally:
            session.close()
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
