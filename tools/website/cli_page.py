"""The reference of the command line, made from the commands themselves."""

import typer.main

from zoo.cli import app
from zoo.errors import EXIT_CODES


def cli_page() -> str:
    """Return the reference of all commands with their arguments and options."""
    root = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        "The arguments and options of every command, as `zoo COMMAND --help` prints them.",
        "",
    ]
    for words, command, context in commands(root):
        lines += _section(words, command, context)
    codes = [f"| {code} | {_cell(meaning)} |" for code, meaning in EXIT_CODES.items()]
    lines += ["## Exit codes", "", "| exit code | meaning |", "|---|---|", *codes, ""]
    return "\n".join(lines)


def commands(command, words=("zoo",), parent=None):
    """Yield the words, the command and its context of a group and of all commands in it."""
    context = command.make_context(
        words[-1], [], parent=parent, resilient_parsing=True, **command.context_settings
    )
    yield words, command, context
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name), context)


def _section(words, command, context) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "")
    lines = [f"## {' '.join(words)}", "", *(command.help or "").split("\n"), ""]
    lines += ["```", f"{' '.join(words)} {usage}", "```", ""]
    arguments, options = [], []
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is None:
            continue
        name, text = (_cell(part) for part in record)
        (arguments if param.param_type_name == "argument" else options).append(
            f"| `{name}` | {text} |"
        )
    for title, rows in (("argument", arguments), ("option", options)):
        if rows:
            lines += [f"| {title} | meaning |", "|---|---|", *rows, ""]
    inner = getattr(command, "commands", {})
    if inner:
        lines += ["| command | what it does |", "|---|---|"]
        for name, one in inner.items():
            anchor = "-".join((*words, name))
            lines.append(f"| [{' '.join((*words, name))}](#{anchor}) | {_cell(one.help or '')} |")
        lines.append("")
    return lines


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
