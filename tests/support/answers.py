"""What the broker answered during the test that is running, for the table of `conformance`."""

import os
import re

_heard = []


def listen():
    """Begins a test: returns the list that its answers will be kept in."""
    global _heard
    _heard = []
    return _heard


def note(answer):
    """Keeps an answer, without the names that differ from run to run."""
    answer = re.sub(rf"\b{os.getpid()}\.\d+\.", "", answer)
    answer = re.sub(r"\b(amq\.(?:gen|ctag)-)[\w-]{22}", r"\1…", answer)
    if answer not in _heard:
        _heard.append(answer)


def note_method(method):
    """Keeps a close, a return or a cancel that the server sent of itself."""
    said = f" {method.reply_code} {method.reply_text}" if hasattr(method, "reply_code") else ""
    note(method.NAME.lower() + said)


def note_end():
    """Keeps that the server hung up, unless it has said why."""
    if not any(answer.startswith("connection.close ") for answer in _heard):
        note("hangs up")
