"""The figures of compare.json as lines with goals, and as a table in Markdown."""

import dataclasses

import rows

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


@dataclasses.dataclass
class Shown:
    """A line with its values, ready to be written."""

    row: rows.Row
    line: rows.Line
    leveret: dict
    rabbitmq: dict | None
    unit: str
    # What the goal is held against: a ratio or the value itself.
    measured: float | None
    is_reached: bool | None

    @property
    def ratio(self):
        """Leveret over RabbitMQ, where both have it."""
        if not self.rabbitmq or not self.rabbitmq["median"]:
            return None
        return self.leveret["median"] / self.rabbitmq["median"]


def unit_of(figure):
    """By the figure's name, as figures.cc has them."""
    if " / " in figure:
        return "ratio"
    if figure.endswith("share of a core"):
        return "%"
    if figure.startswith(("publish bytes", "disk,")):
        return "bytes/s"
    if "memory" in figure:
        return "bytes"
    if figure.endswith(("rate", "opened", "made")):
        return "1/s"
    return "us"


def value_text(value, unit):
    """A number and its unit, with three digits that count."""
    if unit == "1/s":
        return f"{value:,.0f}/s"
    if unit == "%":
        return f"{value:.1f} %"
    if unit == "ratio":
        return f"{value:.2f}"
    if unit in ("bytes", "bytes/s"):
        scales = ((1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1, "B"))
        end = "/s" if unit == "bytes/s" else ""
    else:
        scales, end = ((1e6, "s"), (1e3, "ms"), (1, "µs")), ""
    for scale, name in scales:
        if value >= scale or scale == 1:
            return f"{value / scale:.3g} {name}{end}"
    return ""


def spread_text(figure, unit):
    """"median (least … most)"."""
    if figure is None:
        return ""
    text = value_text(figure["median"], unit)
    if figure["min"] == figure["max"]:
        return text
    return f"{text} ({value_text(figure['min'], unit)} … {value_text(figure['max'], unit)})"


def figure_of(report, row_name, target, figure):
    """A row's figure of one broker, or None."""
    return report["rows"].get(row_name, {}).get(target, {}).get("figures", {}).get(figure)


def lines_of(row, report):
    """The row's lines for which there are figures."""
    shown = []
    for line in row.lines:
        leveret = figure_of(report, row.name, "leveret", line.figure)
        if leveret is None:
            continue
        rabbitmq = figure_of(report, row.name, "rabbitmq", line.figure)
        if line.is_ours_only:
            rabbitmq = None
        one = Shown(row, line, leveret, rabbitmq, unit_of(line.figure), None, None)
        one.measured = measured_of(one, report)
        one.is_reached = is_reached(line, one.measured)
        shown.append(one)
    return shown


def measured_of(shown, report):
    """What the goal is about."""
    if shown.line.of == "value":
        return shown.leveret["median"]
    if shown.line.of == "ratio":
        return shown.ratio
    other = figure_of(report, shown.line.of.removeprefix("over "), "leveret", shown.line.figure)
    return shown.leveret["median"] / other["median"] if other and other["median"] else None


def is_reached(line, measured):
    """None where there is no goal, or nothing to hold against it."""
    if measured is None or (line.at_least is None and line.at_most is None):
        return None
    if line.at_least is not None and measured < line.at_least:
        return False
    return line.at_most is None or measured <= line.at_most


def measured_text(shown):
    """The ratio that counts, where it is one."""
    if shown.line.of.startswith("over "):
        return f"{shown.measured:.2f} ×" if shown.measured is not None else ""
    if shown.ratio is None:
        return ""
    return f"{shown.ratio:.3g} ×" if shown.ratio >= 1 else f"1/{1 / shown.ratio:.3g}"


def in_words(shown):
    """One line for a terminal."""
    words = f"{shown.line.what}: {spread_text(shown.leveret, shown.unit)}"
    if shown.rabbitmq:
        words += f", RabbitMQ {spread_text(shown.rabbitmq, shown.unit)}"
    if measured_text(shown):
        words += f" = {measured_text(shown)}"
    if shown.line.goal:
        verdict = {True: "reached", False: "NOT REACHED", None: "not measured"}[shown.is_reached]
        words += f"; goal {shown.line.goal}: {verdict}"
    return words


def is_clean(row):
    """Nothing lost, duplicated, reordered, and no run failed."""
    return all(of.get("is_clean") for of in row.values())


def missed(report):
    """The goals that were not reached, in words."""
    return [
        f"{row.title}: {in_words(shown)}"
        for row in rows.ROWS
        for shown in lines_of(row, report)
        if shown.is_reached is False
    ]


def measured_at(report):
    """Of what commits and days the figures are, in words: rows may be measured one by one."""
    each = report["measured"].values()
    return tuple(_listed(sorted({of[what] for of in each})) for what in ("commit", "date"))


def _listed(texts):
    """"a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def markdown(report):
    """The table, with the machine in words before it and what was not reached behind it."""
    of = report["versions"]
    against = f" and {of['rabbitmq']}" if "rabbitmq" in of else ""
    commits, dates = measured_at(report)
    out = [
        f"{of['leveret']} ({commits}){against}, {dates}, on {report['machine']}. "
        "Medians, with the least and the most of all rounds in parentheses; the rounds of the two "
        "brokers alternate.",
        "",
    ]
    if report["is_quick"]:
        out += ["**A quick run with tiny counts: these figures say nothing.**", ""]
    out += [
        "| work | figure | Leveret | RabbitMQ | Leveret / RabbitMQ | goal | reached |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows.ROWS:
        for number, shown in enumerate(lines_of(row, report)):
            cells = [
                row.title if number == 0 else "",
                shown.line.what,
                spread_text(shown.leveret, shown.unit),
                spread_text(shown.rabbitmq, shown.unit),
                measured_text(shown),
                shown.line.goal,
                {True: "yes", False: "**no**", None: ""}[shown.is_reached],
            ]
            out.append("| " + " | ".join(cells) + " |")
    dirty = [name for name, row in report["rows"].items() if not is_clean(row)]
    out += ["", verdict_on(dirty)]
    if missed(report):
        out += ["", "Not reached:", ""] + [f"- {text}" for text in missed(report)]
    return "\n".join(out) + "\n"


def verdict_on(dirty):
    """What the verification says of all runs."""
    if not dirty:
        return "Nothing was lost, duplicated, reordered or put into a wrong queue in any run."
    return f"**Not all messages were accounted for in: {', '.join(dirty)}.**"


def replace_between_marks(path, text):
    """Puts the table where README has its marks."""
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path} has no {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
