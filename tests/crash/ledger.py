"""Decides what must, may and must not be in the queues, from what the workers wrote down.

Lines of a publisher's journal:  P id  about to publish;  C id  confirmed
of a consumer's:                 D queue id flag  delivered, flag 1 when marked redelivered
                                 A queue id  about to acknowledge;  R queue id  about to reject (dead-letter)
                                 N queue id  about to requeue
                                 B n  about to publish barrier n;  F n  it was confirmed
of the declarer's:               Q name  about to declare;  q name  declared, and a message in it confirmed
                                 E name  about to delete;  e name  deleted, and a barrier behind it confirmed
of a transactor's:               D as a consumer's;  T tx A id, T tx R id, T tx P id  acknowledged, rejected or
                                 published in this transaction;  K tx  about to commit;  k tx  committed
of the replayer's:               M id  about to replay to the last queue;  m id  done, and a barrier behind it confirmed
                                 X id  about to delete;  x id  done, and a barrier behind it confirmed
of the purger's:                 P, C as a publisher's;  Z  about to purge;  z  done, and a barrier behind it confirmed
of the definer's:                registers.py
"""

import collections
import dataclasses

from layout import (
    DELAY, GROUPS, IN, LATE, PURGED, QUORUM, REPLAY_DONE, TX_DEAD, TX_IN, UNORDERED, number_of, priority_of, route_of,
)  # fmt: skip
from registers import Registers

VERDICTS = (
    "LOSS DUPLICATE GHOST CORRUPT ORDER RESURRECT TORN TOPOLOGY UNFLAGGED UNCOUNTED".split()
)


@dataclasses.dataclass
class Place:
    """One message in one group of queues, while it may still be there."""

    must: bool = False  # confirmed, or found by an audit
    answered: bool = False  # an acknowledgement was attempted
    answer_flushed: bool = False
    move_flushed: bool = False  # a rejection is on disk: it is no longer in its first queue
    replay_flushed: bool = False  # and so is its replay: it is in its last queue
    returns: int = 0  # how often it came back, as far as that is on disk
    delivered: set = dataclasses.field(default_factory=set)  # queues that delivered it in earlier lives
    delivered_now: set = dataclasses.field(default_factory=set)  # and in this one
    noted_now: set = dataclasses.field(default_factory=set)  # of those, the ones before a confirmed barrier
    unmarked: set = dataclasses.field(default_factory=set)  # as if for the first time, in this life


@dataclasses.dataclass
class Found:
    """One message as the auditor got it."""

    message_id: str
    body_is_right: bool = True
    redelivered: bool = False
    returns: int = 0


GROUP_OF = {queue: group for groups in GROUPS.values() for group in groups for queue in group}


class Ledger:
    """All that is known. `findings` grows; it holds (verdict, text)."""

    def __init__(self, strict_flags=True):
        self.strict_flags = strict_flags
        self.findings = []
        self.late_unmarked = 0  # deliveries just before a crash that came back unmarked
        self.confirmed = 0
        self.settled = 0
        self.places = {}  # (id, group) -> Place
        self.gone = set()  # (id, group): was absent at an audit or known to be settled
        self.queues = {}  # declared ones -> "trying", "there", "leaving", "gone"
        self.transactions = {}  # those that may have been committed -> [(A, R or P, message id), ...]
        self.purging = []  # places that a purge without an answer was about to empty
        self.committed = self.replayed = 0
        self.definitions = Registers(self.find)

    def find(self, verdict, text):
        assert verdict in VERDICTS
        self.findings.append((verdict, text))

    # Journals.

    def read_publisher(self, lines):
        for kind, message_id in (line.split() for line in lines):
            for group in GROUPS[route_of(message_id)]:
                if kind == "P":
                    self.places[message_id, group] = Place()
                elif kind == "C" and (message_id, group) in self.places:
                    self.places[message_id, group].must = True
            self.confirmed += kind == "C"

    def read_consumer(self, lines):
        answers = []
        delivered = []
        barriers = {}
        flushed = noted = 0  # how far barriers have been confirmed, in order
        last_first_delivery = {}
        for fields in (line.split() for line in lines):
            kind = fields[0]
            if kind == "B":
                barriers[fields[1]] = len(answers), len(delivered)
            elif kind == "F":
                answer_count, delivery_count = barriers[fields[1]]
                for queue, message_id, answer in answers[flushed:answer_count]:
                    self._flush(queue, message_id, answer)
                for queue, place in delivered[noted:delivery_count]:
                    place.noted_now.add(queue)
                flushed, noted = answer_count, delivery_count
            else:
                queue, message_id = fields[1], fields[2]
                place = self._place_of_delivery(queue, message_id)
                if place is None:
                    continue
                if kind == "D":
                    self._deliver(place, queue, message_id, fields[3] == "1", last_first_delivery)
                    delivered.append((queue, place))
                else:
                    place.answered |= kind == "A"
                    answers.append((queue, message_id, kind))

    def _place_of_delivery(self, queue, message_id):
        key = message_id, GROUP_OF[queue]
        if key not in self.places:
            self.find("RESURRECT" if key in self.gone else "GHOST", f"{queue} delivered {message_id}")
        return self.places.get(key)

    def _deliver(self, place, queue, message_id, redelivered, last_first_delivery):
        if GROUP_OF[queue] == GROUP_OF[REPLAY_DONE]:
            return  # What is replayed is new.
        # The journals of two consumers do not say who was first; so in one life just one delivery of a
        # message may be unmarked.
        if not redelivered and queue in place.delivered | place.unmarked:
            self.find("UNFLAGGED", f"{queue} delivered {message_id} again, not marked")
        place.delivered_now.add(queue)
        if not redelivered:
            place.unmarked.add(queue)
        publisher = queue, message_id.split(".")[0], priority_of(message_id)
        number = number_of(message_id)
        # What is delivered for the first time comes in order, whatever is redelivered in between. A
        # dead-letter queue has the order in which messages were rejected.
        if not redelivered and queue not in UNORDERED:
            if number <= last_first_delivery.get(publisher, -1):
                self.find("ORDER", f"{queue} delivered {message_id} after {last_first_delivery[publisher]}")
            last_first_delivery[publisher] = number

    def _flush(self, queue, message_id, answer):
        place = self.places[message_id, GROUP_OF[queue]]
        if answer == "A":
            self.settled += not place.answer_flushed
            place.answer_flushed = True
        elif answer == "N":
            place.returns += 1
        elif queue == IN:
            place.move_flushed = True

    def read_transactor(self, lines):
        members = collections.defaultdict(list)
        last_first_delivery = {}
        for kind, *fields in (line.split() for line in lines):
            if kind == "D":
                queue, message_id, flag = fields
                place = self._place_of_delivery(queue, message_id)
                if place is not None:
                    self._deliver(place, queue, message_id, flag == "1", last_first_delivery)
            elif kind == "T":
                members[fields[0]].append((fields[1], fields[2]))
            elif kind == "K":
                self.transactions[fields[0]] = members.pop(fields[0], [])
                self._begin_commit(self.transactions[fields[0]])
            else:
                self._end_commit(self.transactions.pop(fields[0]))

    def _begin_commit(self, members):
        for what, message_id in members:
            key = message_id, GROUPS[route_of(message_id)][0]
            if what == "P":
                self.places[key] = Place()
            elif what == "A" and key in self.places:
                self.places[key].answered = True

    def _end_commit(self, members):
        self.committed += 1
        for what, message_id in members:
            place = self.places.get((message_id, GROUPS[route_of(message_id)][0]))
            if place is None:
                continue  # It should not have been delivered, which was found.
            if what == "P":
                place.must = True
            elif what == "A":
                self.settled += 1
                place.answer_flushed = True
            else:
                place.move_flushed = True

    def read_replayer(self, lines):
        for kind, message_id in (line.split() for line in lines):
            place = self._place_of_delivery(REPLAY_DONE, message_id)
            if place is None:
                continue
            place.answered |= kind == "X"
            place.answer_flushed |= kind == "x"
            place.replay_flushed |= kind == "m"
            self.replayed += kind == "m"

    def read_purger(self, lines):
        for line in lines:
            if line == "Z":
                self.purging = [key for key in self.places if key[1] == GROUP_OF[PURGED]]
                for key in self.purging:
                    self.places[key].answered = True
            elif line == "z":
                for key in self.purging:
                    self.settled += not self.places[key].answer_flushed
                    self.places[key].answer_flushed = True
                self.purging = []
            else:
                self.read_publisher([line])

    def read_definer(self, lines):
        self.definitions.read(lines)

    def read_declarer(self, lines):
        states = {"Q": "trying", "q": "there", "E": "leaving", "e": "gone"}
        for kind, name in (line.split() for line in lines):
            self.queues[name] = states[kind]

    # Audits.

    def audit(self, contents, queues_there):
        """Judges what all queues hold after a restart: {queue: [Found, ...]} from head to tail."""
        where = collections.defaultdict(list)
        returns = {}
        for queue, messages in contents.items():
            self._audit_order(queue, messages)
            for found in messages:
                self._audit_message(queue, found)
                where[found.message_id, GROUP_OF[queue]].append(queue)
                returns[found.message_id, GROUP_OF[queue]] = found.returns
        for key, queues in where.items():
            if len(queues) > 1:
                self.find("DUPLICATE", f"{key[0]} is in {' and '.join(queues)}")
        self._audit_fan_out(where)
        self._audit_transactions(where)
        self._audit_purge(where)
        for (message_id, group), place in list(self.places.items()):
            if (message_id, group) in where:
                place.must, place.answered = True, False
                place.returns = returns[message_id, group]
                place.answer_flushed = place.move_flushed = place.replay_flushed = False
                # The auditor has it now. Back in its first queue, it is dead-lettered anew, as another message.
                place.delivered = set(where[message_id, group])
                place.delivered_now.clear()
                place.noted_now.clear()
                place.unmarked.clear()
                continue
            if place.must and not place.answered:
                self.find("LOSS", f"{message_id} is not in {' or '.join(group)}")
            del self.places[message_id, group]
            self.gone.add((message_id, group))
        self._audit_topology(queues_there)

    def _audit_message(self, queue, found):
        key = found.message_id, GROUP_OF[queue]
        if not found.body_is_right:
            self.find("CORRUPT", f"{found.message_id} in {queue}")
        place = self.places.get(key)
        if place is None:
            verdict = "RESURRECT" if key in self.gone else "GHOST"
            self.find(verdict, f"{found.message_id} in {queue}")
            return
        if place.answer_flushed or (place.move_flushed and queue in (IN, TX_IN)):
            self.find("RESURRECT", f"{found.message_id} in {queue}, its answer was on disk")
        if place.replay_flushed and queue != REPLAY_DONE:
            self.find("RESURRECT", f"{found.message_id} in {queue}, its replay was on disk")
        if queue == DELAY and LATE in place.noted_now:
            self.find("RESURRECT", f"{found.message_id} in {queue}, its end was on disk")
        if queue == QUORUM and found.returns < place.returns:
            self.find("UNCOUNTED", f"{found.message_id} in {queue} came back {place.returns} times, not {found.returns}")
        # What is replayed is new.
        if not found.redelivered and key[1] != GROUP_OF[REPLAY_DONE]:
            # What had been dead-lettered by time, and not yet on disk, is so again before anyone looks.
            is_strict = self.strict_flags and queue != LATE
            if queue in place.delivered | (place.delivered_now if is_strict else place.noted_now):
                self.find("UNFLAGGED", f"{found.message_id} in {queue} was delivered before")
            elif queue in place.delivered_now:
                self.late_unmarked += 1

    def _audit_order(self, queue, messages):
        if queue in UNORDERED:
            return
        last = {}
        for found in messages:
            publisher = found.message_id.split(".")[0], priority_of(found.message_id)
            number = number_of(found.message_id)
            if number < last.get(publisher, -1):
                self.find("ORDER", f"{found.message_id} in {queue} behind {last[publisher]}")
            last[publisher] = number
        priorities = [priority_of(found.message_id) for found in messages]
        if priorities != sorted(priorities, reverse=True):
            self.find("ORDER", f"priorities in {queue} are {priorities}")

    def _audit_fan_out(self, where):
        """An unconfirmed message that nobody has answered is in all of its queues or in none."""
        for message_id in {key[0] for key in self.places if route_of(key[0]) == "f"}:
            keys = [(message_id, group) for group in GROUPS["f"]]
            if any(key not in self.places or self.places[key].answered or self.places[key].must for key in keys):
                continue
            if len({key in where for key in keys}) > 1:
                self.find("TORN", f"{message_id} is in some of its queues only")

    def _audit_transactions(self, where):
        """What no answer came for was committed whole or not at all."""
        for transaction, members in self.transactions.items():
            done = set()
            for what, message_id in members:
                queues = where.get((message_id, GROUPS[route_of(message_id)][0]), [])
                done.add({"P": bool(queues), "A": not queues, "R": TX_DEAD in queues}[what])
            if len(done) > 1:
                self.find("TORN", f"transaction {transaction} is there in part: {members}")
        self.transactions.clear()

    def _audit_purge(self, where):
        """A purge that no answer came for has emptied the whole queue or nothing of it."""
        sure = [key for key in self.purging if self.places[key].must and not self.places[key].answer_flushed]
        if len({key in where for key in sure}) > 1:
            self.find("TORN", f"of {len(sure)} messages to be purged {sum(key in where for key in sure)} are there")
        self.purging = []

    def _audit_topology(self, queues_there):
        for name, state in list(self.queues.items()):
            if state == "there" and name not in queues_there:
                self.find("TOPOLOGY", f"{name} was declared and is not there")
            if state == "gone" and name in queues_there:
                self.find("TOPOLOGY", f"{name} was deleted and is there")
            self.queues[name] = "there" if name in queues_there else "gone"

    def settle_all(self):
        """The auditor has acknowledged everything that it found, and that is on disk."""
        self.settled += len(self.places)
        self.gone.update(self.places)
        self.places.clear()
