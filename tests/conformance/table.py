#!/usr/bin/python3
"""Writes the table of rules in README.md: what RabbitMQ answered, what Leveret did, and why.

    pytest tests/conformance --answers tests/conformance/answers/leveret.json
    CONFORMANCE_TARGET=rabbitmq pytest tests/conformance \\
        --answers tests/conformance/answers/rabbitmq-3.10.json
    tests/conformance/table.py                      # after either
    tests/conformance/table.py --check ANSWERS      # for CI: are table and kept answers still true?
"""

import itertools
import json
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
README = HERE / "README.md"
LEVERET = HERE / "answers/leveret.json"
RABBITMQ = HERE / "answers/rabbitmq-3.10.json"
BEGIN, END = "<!-- table.py writes from here -->", "<!-- to here -->"
SHOWN = 3  # Answers of one broker to one rule; the JSON files have all of them.


def main(arguments):
    rules = tomllib.loads((HERE / "rules.toml").read_text(encoding="utf-8"))
    decisions = tomllib.loads((HERE / "decisions.toml").read_text(encoding="utf-8"))
    leveret, rabbitmq = _read(LEVERET), _read(RABBITMQ)
    _check_decisions(rules, decisions, leveret, rabbitmq)
    page = README.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = _table(rules, decisions, leveret, rabbitmq)
    written = f"{before}{BEGIN}\n\n{table}\n{END}{after}"
    if not arguments:
        README.write_text(written, encoding="utf-8")
        return
    _check_fresh(_read(arguments[1]), leveret)
    if written != page:
        sys.exit("README.md is not what its sources make of it: run tests/conformance/table.py")


def _read(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def _check_decisions(rules, decisions, leveret, rabbitmq):
    """Every difference has a decision, every decision a difference, every scenario a rule."""
    numbers = {number for group in rules.values() for number in group}
    decided = {str(rule) for decision in decisions.values() for rule in decision["rules"]}
    differ = {rule for rule in numbers if leveret.get(rule, {}) != rabbitmq.get(rule, {})}
    wrong = [
        *(f"rule {rule} differs: decisions.toml must say why" for rule in differ - decided),
        *(f"rule {rule} does not differ: its decision is stale" for rule in decided - differ),
        *(f"rules.toml has no rule {rule}" for rule in {*leveret, *rabbitmq} - numbers),
    ]
    if wrong:
        sys.exit("\n".join(sorted(wrong)))


def _check_fresh(heard, kept):
    """The answers heard just now are the ones that the table was made of."""
    for rule in sorted({*heard, *kept}, key=int):
        now, then = heard.get(rule, {}), kept.get(rule, {})
        for scenario in sorted({*now, *then}):
            if scenario not in now and _exists(scenario):
                continue  # It was skipped: this machine lacks something that it needs.
            if now.get(scenario) != then.get(scenario):
                sys.exit(
                    f"rule {rule}, {scenario}: answers/leveret.json says {then.get(scenario)}, "
                    f"the broker {now.get(scenario)}. If that is right, write the file anew "
                    "with --answers and run tests/conformance/table.py"
                )


def _exists(scenario):
    file, _, test = scenario.partition("::")
    path = HERE / file
    return path.exists() and f"def {test}(" in path.read_text(encoding="utf-8")


def _table(rules, decisions, leveret, rabbitmq):
    reasons = {}
    for name, decision in decisions.items():
        for rule in decision["rules"]:
            reasons.setdefault(str(rule), []).append(f"*{name}*: {decision['why'].strip()}")
    lines = []
    for subject, group in rules.items():
        lines += [f"### {subject}", "", "| | rule | RabbitMQ 3.10 | Leveret |", "|-|-|-|-|"]
        for rule, sentence in group.items():
            ours, theirs = leveret.get(rule, {}), rabbitmq.get(rule, {})
            same = ours == theirs
            right = "no scenario yet" if not ours else "the same" if same else _cell(ours, theirs)
            right = "<br>".join([right, *reasons.get(rule, [])])
            lines.append(f"| {rule} | {sentence} | {_cell(theirs, ours)} | {right} |")
        lines.append("")
    return "\n".join(lines)


def _cell(mine, other):
    """What one broker answered to the scenarios of a rule, the differences first."""
    if not mine:
        return "not asked" if other else ""
    differing = [scenario for scenario in mine if mine[scenario] != other.get(scenario)]
    ordered = [*differing, *(scenario for scenario in mine if scenario not in differing)]
    answers = dict.fromkeys(itertools.chain.from_iterable(mine[s] for s in ordered))
    shown = [f"`{_escaped(answer)}`" for answer in itertools.islice(answers, SHOWN)]
    if len(answers) > SHOWN:
        shown.append(f"and {len(answers) - SHOWN} more")
    count = f"holds in {len(mine)} scenario{'s' if len(mine) > 1 else ''}"
    return "<br>".join([count, *shown])


def _escaped(answer):
    return re.sub(r"\s+", " ", answer).replace("|", "\\|").replace("`", "'")


if __name__ == "__main__":
    main(sys.argv[1:])
