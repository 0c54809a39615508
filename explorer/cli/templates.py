"""templates: the networks that can be named."""

from argparse import ArgumentParser, Namespace

from explorer.catalog import templates
from explorer.catalog.layers import text_of


def declare(parser: ArgumentParser) -> None:
    """It has no arguments."""


def run(given: Namespace) -> int:
    """Print a line for each."""
    widest = max(map(len, templates.names()))
    for name in templates.names():
        found = templates.template(name)
        print(f"{name:{widest}}  {text_of(found.input):>9}  {found.doc}")
    return 0
