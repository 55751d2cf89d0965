"""What `python -m ml train` is told on its command line."""

from argparse import Namespace

from ml.__main__ import parser


def options(*given: str) -> Namespace:
    """As parsed, of a training that writes nowhere."""
    return parser().parse_args(["train", "--output", "nowhere", *given])
