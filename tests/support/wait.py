"""Waiting for a condition without sleeping blindly."""

import time


def until(condition, what, deadline_s=20.0, every_s=0.02):
    """Polls `condition` until it returns something true, and returns that.

    `what` completes the sentence "... did not happen" of the failure.
    """
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {deadline_s:g} s")
        time.sleep(every_s)
