"""Replays and deletes dead letters by the HTTP API, some at a time."""

from layout import REPLAY_DEAD, REPLAY_DONE
from step_worker import StepWorker


class Replayer(StepWorker):
    def step(self):
        page = self.api.get(("x", "queues", "/", REPLAY_DEAD, "messages"), limit=self.random.choice((5, 50, 500)))
        assert page.status == 200, page
        chosen = {
            item["seq"]: item["properties"]["message_id"]
            for item in page.json["items"]
            if self.random.random() < 0.7
        }
        if not chosen:
            self.connection.process_data_events(0.01)
            return
        chance = self.random.random()
        if chance < 0.5:
            self._do("replay", chosen, {"target": {"queue": REPLAY_DONE}}, "M", "m")
        elif chance < 0.9:
            self._do("replay", chosen, {})  # where they came from, to be rejected again
        else:
            self._do("delete", chosen, {}, "X", "x")

    def _do(self, kind, chosen, fields, before=None, after=None):
        self._note(before, chosen)
        answer = self.api.post(("x", "queues", "/", REPLAY_DEAD, kind), {"seqs": list(chosen), **fields})
        assert answer.status == 202, answer
        operation = self.api.wait_operation(answer.json["id"])
        # Nobody else takes from this queue.
        assert (operation["state"], operation["done"]) == ("done", len(chosen)), operation
        self.wait_for_disk()
        self._note(after, chosen)

    def _note(self, line, chosen):
        for message_id in chosen.values() if line else ():
            self.journal.write(line, message_id)
