"""Reading what /metrics says, without a library of ours or theirs: families, types, labels, values."""

import re

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:\\.|[^"\\])*)"(?:,|$)')


def unescape(text):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


def parse(text):
    """{family: (type, [(sample name, {label: value}, number)])} of the text format 0.0.4. Fails on
    what is not of it, on a family that comes twice and on a sample outside of its family."""
    families, current = {}, None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in families, f"{name} comes twice"
            families[name] = (kind, [])
            current = name
        elif line.startswith("# HELP "):
            assert line.split(" ", 3)[2] == current and line.split(" ", 3)[3], line
        elif line:
            found = SAMPLE.match(line)
            assert found, line
            name, labels, value = found.groups()
            kind = families[current][0]
            ends = ("_bucket", "_sum", "_count") if kind in ("histogram", "summary") else ()
            assert name in (current, *(current + end for end in ends)), f"{name} among {current}"
            pairs = LABEL.findall(labels or "")
            assert LABEL.sub("", labels or "") == "", line
            families[current][1].append((name, {k: unescape(v) for k, v in pairs}, float(value)))
    return families


def shapes(text):
    """{family: (type, sorted names of labels that any of its samples has)}."""
    return {
        name: (kind, sorted({label for _, labels, _ in samples for label in labels}))
        for name, (kind, samples) in parse(text).items()
    }


def value(text, name, **labels):
    """The sum of the samples of that name that have these labels."""
    found = [
        number
        for _, samples in parse(text).values()
        for sample, has, number in samples
        if sample == name and labels.items() <= has.items()
    ]
    assert found, f"there is no {name} {labels}"
    return sum(found)
