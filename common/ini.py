"""The syntax of the settings file: `[section]`, `key = value`, and comments on lines of their own.

The standard library's configparser takes an indented line for a part of the value above and quotes wrong lines in its
messages; here every line stands for itself, all wrong ones are told at once, and none is quoted: it may hold a password.
"""

from re import fullmatch

Values = dict[str, dict[str, str]]  # section -> key, in lower case -> text


def read_ini(text: str) -> tuple[Values, list[str]]:
    """Give the values of a file, and one line per problem: `line 7: expected key = value`."""
    values: Values = {}
    problems: list[str] = []
    section = ""
    for number, line in enumerate(map(str.strip, text.split("\n")), start=1):
        name, equals, value = line.partition("=")
        key = name.strip().lower()
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
            if section in values:
                problems.append(f"line {number}: [{section}] is there twice")
            values.setdefault(section, {})
        elif not values:
            problems.append(f"line {number}: expected a [section] first")
        elif not equals or fullmatch("[a-z0-9_]+", key) is None:  # `token: abc==` is no key either
            problems.append(f"line {number}: expected key = value")
        elif key in values[section]:
            problems.append(f"line {number}: [{section}] {key} is there twice")
        else:
            values[section][key] = value.strip()
    return values, problems
