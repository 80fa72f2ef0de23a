from __future__ import annotations

from argparse import Action

import pytest
from django.core.management import CommandError, get_commands, load_command_class

APPS = ("caching", "speech", "speechsite")


def numbers() -> list[tuple[str, str]]:
    """Every option of our commands that takes a value of a type of its own."""
    found = []
    for command, app in sorted(get_commands().items()):
        if app in APPS and command != "migrate":
            actions: list[Action] = load_command_class(app, command).create_parser("manage.py", command)._actions
            options = [action for action in actions if action.type is not None and action.option_strings]
            found += [(command, option.option_strings[-1]) for option in options if option.dest != "verbosity"]
    return found


@pytest.mark.parametrize(("command", "option"), numbers())
@pytest.mark.parametrize("value", ["", "1.5x", "9" * 5000 + "x"], ids=["empty", "letters", "long"])
def test_an_option_that_is_no_number_is_refused_by_its_name(command: str, option: str, value: str) -> None:
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    with pytest.raises(CommandError, match=f"argument .*{option}: "):
        parser.parse_args([f"{option}={value}", "name", "--client", "bot"])


@pytest.mark.parametrize(
    ("command", "option", "wrong"),
    [
        ("rotate_key", "--hours", "-1"),
        ("rotate_key", "--hours", "99999999999"),
        ("cache_warm", "--top", "0"),
        ("cache_warm", "--top", "9" * 5000),
        ("cache_warm", "--concurrency", "0"),
        ("demo_traffic", "--days", "366"),
        ("semantic_eval", "--shuffles", "-1"),
        ("serve", "--workers", "0"),
        ("serve", "--threads", "0"),
        ("serve", "--port", "65536"),
    ],
)
def test_a_number_beyond_its_bounds_is_refused(command: str, option: str, wrong: str) -> None:
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    with pytest.raises(CommandError, match=f"{option}: must be a whole number from "):
        parser.parse_args([f"{option}={wrong}", "name", "--client", "bot"])
