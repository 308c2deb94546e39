"""The version of the whole project, in its one place."""

VERSION = "0.8.0"
