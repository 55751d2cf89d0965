"""The plan that a command line of `python -m ml train` describes."""

from ml.__main__ import parser, training_plan
from ml.plan import Plan


def options(*given: str) -> Plan:
    """As parsed, of a training that writes nowhere."""
    return training_plan(parser().parse_args(["train", "--output", "nowhere", *given]))
