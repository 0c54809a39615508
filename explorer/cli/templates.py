"""templates: lists the templates."""

from argparse import ArgumentParser, Namespace

from explorer.catalog import templates
from explorer.catalog.layers import text_of


def declare(parser: ArgumentParser) -> None:
    """Adds nothing: it has no arguments."""


def run(given: Namespace) -> int:
    """Prints a line for each template."""
    widest = max(map(len, templates.names()))
    for name in templates.names():
        template = templates.template(name)
        print(f"{name:{widest}}  {text_of(template.input):>9}  {template.doc}")
    return 0
