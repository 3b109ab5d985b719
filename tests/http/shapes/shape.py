"""What a JSON answer looks like without its values, and how two answers differ in that.

A shape is "string", "number", "boolean" or "null", several of them as "null|string", a dict of the
fields' shapes, or a list with the one shape that all its items have in common. Names that are not
the API's but the broker's own, such as that of its node, are put aside before by `rename`.
"""

TYPES = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def shape_of(value):
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        shapes = [shape_of(item) for item in value]
        merged = shapes[:1]
        for shape in shapes[1:]:
            merged = [merge(merged[0], shape)]
        return merged
    return TYPES[type(value)]


def merge(a, b):
    """The shape of what may look like `a` or like `b`; of a scalar and a container, a list of both."""
    if isinstance(a, dict) and isinstance(b, dict):
        both = {key: merge(a[key], b[key]) for key in a if key in b}
        return {**a, **b, **both}
    if isinstance(a, list) and isinstance(b, list):
        return [merge(a[0], b[0])] if a and b else a or b
    if isinstance(a, str) and isinstance(b, str):
        return "|".join(sorted(set(a.split("|")) | set(b.split("|"))))
    # RabbitMQ writes an empty object as [] in places.
    if a == [] or isinstance(b, dict):
        return b
    return a


def rename(value, names):
    """The same with each text of `names` replaced wherever it is a key."""
    if isinstance(value, dict):
        return {names.get(key, key): rename(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [rename(item, names) for item in value]
    return value


def differences(reference, ours, path=""):
    """Sentences on what `reference` has and `ours` has not, or has otherwise. More is no difference."""
    if isinstance(reference, dict):
        if not isinstance(ours, dict):
            yield f"{path or '.'} is {name_of(ours)}, not an object"
            return
        for key, shape in reference.items():
            if key not in ours:
                yield f"{path}.{key} is missing"
            else:
                yield from differences(shape, ours[key], f"{path}.{key}")
    elif isinstance(reference, list):
        if not isinstance(ours, list):
            if reference or ours:  # An empty object stands for RabbitMQ's [].
                yield f"{path or '.'} is {name_of(ours)}, not a list"
        elif reference and not ours:
            yield f"{path}[] has no items"
        elif reference:
            yield from differences(reference[0], ours[0], f"{path}[]")
    elif not isinstance(ours, str):
        yield f"{path or '.'} is {name_of(ours)}, not {reference}"
    elif not set(ours.split("|")) <= set(reference.split("|")):
        yield f"{path or '.'} is {ours}, not {reference}"


def name_of(shape):
    return {dict: "an object", list: "a list"}.get(type(shape), shape)
