"""The broker's certificate once more, for the server of the live page, which is another user."""

from common.secret_files import File, Folder, exclusively, prepare_folders, read_file, remove_leftovers, replace_files
from mosquitto.access import Places

_NAMES = ("server.crt", "server.key")


def lay_out(places: Places) -> list[str]:
    """Bring the copy up to date where there is a place for it and a certificate; say what was mended.

    Raises FileTroubleError.
    """
    if places.web is None:
        return []
    notes = prepare_folders([Folder(places.web, places.web_owner)])
    with exclusively(places.broker):
        found = {name: read_file(places.broker / name) for name in _NAMES}
        files = [File(places.web / name, content, places.web_owner) for name, content in found.items() if content is not None]
        remove_leftovers(places.web / name for name in _NAMES)
        return [*notes, *(replace_files(files) if len(files) == len(_NAMES) else [])]
