"""The curves of compare.json as SVG, with logarithmic axes; the standard library is enough."""

import html
import math

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 56, 56
COLOURS = {"leveret": "#c2410c", "rabbitmq": "#475569"}
NAMES = {"leveret": "Leveret", "rabbitmq": "RabbitMQ"}
INK, FAINT, PAPER = "#1f2937", "#e2e8f0", "#ffffff"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

# File, curve, figure, title, the two axes, and the unit of y.
PLOTS = [
    ("throughput-by-rate", "rate", "deliver rate", "Jobs done, by the rate of submitting",
     "jobs submitted a second", "jobs done a second", ""),
    ("p99-by-rate", "rate", "deliver p99", "Publish to delivery, p99, by the rate of submitting",
     "jobs submitted a second", "p99", "us"),
    ("cost-by-depth", "depth", "server cpu per message", "Server CPU per job, by depth of backlog",
     "jobs in the queue", "CPU time", "us"),
    ("cost-by-bindings", "bindings", "server cpu per message",
     "Server CPU per message, by wildcard bindings", "bindings of the topic exchange", "CPU time",
     "us"),
    ("cost-by-connections", "connections", "server cpu per message",
     "Server CPU per job at 5,000 a second, by idle connections", "idle connections", "CPU time",
     "us"),
]  # fmt: skip


def number_text(value, unit=""):
    """"20k", "1.5M"; microseconds as µs, ms or s."""
    if unit == "us":
        scales = ((1e6, " s"), (1e3, " ms"), (1, " µs"))
    else:
        scales = ((1e6, "M"), (1e3, "k"), (1, ""))
    for scale, name in scales:
        if value >= scale:
            return f"{value / scale:.3g}{name}"
    return f"{value:.2g}{scales[-1][1]}"


class Axis:
    """A logarithmic axis over whole or half decades that holds all values."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.end = start, end

    def at(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def text(x, y, words, size=13, anchor="middle", colour=INK, extra=""):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{colour}"{extra}>{html.escape(words)}</text>'
    )


def grid(x_axis, y_axis, unit):
    """Lines of the decades, and their numbers."""
    out = []
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in x_axis.ticks():
        at = x_axis.at(value)
        out.append(f'<path d="M{at:.1f} {TOP}V{bottom}" stroke="{FAINT}"/>')
        out.append(text(at, bottom + 18, number_text(value), 12))
    for value in y_axis.ticks():
        at = y_axis.at(value)
        out.append(f'<path d="M{LEFT} {at:.1f}H{right}" stroke="{FAINT}"/>')
        out.append(text(LEFT - 8, at + 4, number_text(value, unit), 12, "end"))
    return out


def curve(target, points, x_axis, y_axis, unit):
    """The line, its points, and the last one's value."""
    colour = COLOURS[target]
    places = [(x_axis.at(x), y_axis.at(y)) for x, y in points]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    out = [f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>']
    for (at_x, at_y), (x, y) in zip(places, points):
        label = f"{NAMES[target]}: {number_text(y, unit)} at {number_text(x)}"
        out.append(
            f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="4" fill="{colour}">'
            f"<title>{html.escape(label)}</title></circle>"
        )
    last_x, last_y = places[-1]
    # To the left of the point where the right has no room.
    anchor, shift = ("end", -4) if last_x > WIDTH - RIGHT - 60 else ("start", 8)
    # One broker's above its line and the other's below, where their lines meet.
    drop = -9 if target == "leveret" else 18
    label = number_text(points[-1][1], unit)
    out.append(text(last_x + shift, last_y + drop, label, 12, anchor, colour))
    return out


def legend(targets):
    out = []
    x = WIDTH - RIGHT
    for target in reversed(targets):
        out.append(text(x, 26, NAMES[target], 13, "end", COLOURS[target], ' font-weight="600"'))
        x -= 12 + 8.5 * len(NAMES[target])
    return out


def svg(title, x_title, y_title, unit, series):
    """A whole picture. `series`: {target: [(x, y)]}, none of them empty."""
    values = [point for points in series.values() for point in points]
    x_axis = Axis([x for x, _ in values], LEFT, WIDTH - RIGHT)
    y_axis = Axis([y for _, y in values], HEIGHT - BOTTOM, TOP)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="{html.escape(FONT)}" role="img" '
        f'aria-label="{html.escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{PAPER}"/>',
        text(20, 26, title, 15, "start", INK, ' font-weight="600"'),
        text(20, TOP - 12, y_title, 12, "start"),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_title, 12),
    ]
    out += grid(x_axis, y_axis, unit)
    for target, points in series.items():
        out += curve(target, points, x_axis, y_axis, unit)
    return "\n".join([*out, *legend(list(series)), "</svg>"]) + "\n"


def write_all(report, directory):
    """One file for each plot that has points; returns their names and titles."""
    written = []
    for name, curve_name, figure, title, x_title, y_title, unit in PLOTS:
        series = {}
        for target, points in report["curves"].get(curve_name, {}).items():
            pairs = [(point["x"], point[figure]) for point in points if point.get(figure, 0) > 0]
            if pairs:
                series[target] = pairs
        if not series:
            continue
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{name}.svg"
        path.write_text(svg(title, x_title, y_title, unit, series), encoding="utf-8")
        written.append((path.name, title))
    return written
