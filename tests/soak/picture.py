"""The curves of a soak as one SVG, panels above one another, time from left to right."""

import html

WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 760, 92, 70, 16, 40, 34
INK, FAINT, PAPER = "#1f2937", "#e2e8f0", "#ffffff"
COLOURS = ("#c2410c", "#475569", "#0f766e")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

# Title, and the fields drawn in it with their names.
PANELS = [
    ("Memory of the broker, MiB", [("rss_mib", "resident")]),
    ("File descriptors and threads", [("fds", "descriptors"), ("threads", "threads")]),
    ("Files, MiB", [("db_mib", "database"), ("wal_mib", "log"), ("bodies_mib", "large bodies")]),
    ("Publish to delivery, ms", [("p99_ms", "p99"), ("p50_ms", "p50")]),
    ("Loop lag, mean, ms", [("loop_lag_ms", "lag")]),
    ("Jobs done a second", [("rate", "rate")]),
]


def _text(x, y, words, size=11, anchor="start", colour=INK):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">'
        f"{html.escape(words)}</text>"
    )


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _panel(title, curves, rows, top):
    points = {field: [(row["seconds"], row[field]) for row in rows if row.get(field) is not None] for field, _ in curves}
    most = max((value for curve in points.values() for _, value in curve), default=0) or 1
    last = rows[-1]["seconds"] or 1
    at_x = lambda seconds: LEFT + seconds / last * (WIDTH - LEFT - RIGHT)
    at_y = lambda value: top + PANEL - value / most * PANEL
    out = [_text(LEFT, top - 6, title, 12)]
    for value in (0, most / 2, most):
        out.append(f'<path d="M{LEFT} {at_y(value):.1f}H{WIDTH - RIGHT}" stroke="{FAINT}"/>')
        out.append(_text(LEFT - 6, at_y(value) + 4, _number(value), 11, "end"))
    x = WIDTH - RIGHT
    for (field, name), colour in zip(curves, COLOURS):
        path = "L".join(f"{at_x(seconds):.1f} {at_y(value):.1f}" for seconds, value in points[field])
        if path:
            out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out.append(_text(x, top - 6, name, 11, "end", colour))
        x -= 12 + 6 * len(name)
    return out


def svg(rows):
    height = TOP + len(PANELS) * (PANEL + GAP) + 10
    hours = rows[-1]["seconds"] / 3600
    span = f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="{html.escape(FONT)}" role="img" aria-label="Soak of {span}">',
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="{PAPER}"/>',
    ]
    top = TOP
    for title, curves in PANELS:
        out += _panel(title, curves, rows, top)
        top += PANEL + GAP
    out.append(_text((LEFT + WIDTH - RIGHT) / 2, top - 6, f"{span}, from left to right", 12, "middle"))
    return "\n".join([*out, "</svg>"]) + "\n"
