"""One process of the load, started once, that works whenever the broker is up:

    worker.py ROLE NAME JOURNAL SEED

Reads "go AMQP_PORT HTTP_PORT" lines from its standard input, works until the broker is gone, writes "down" to its
standard output.
"""

import random
import sys

from definer import Definer
from purger import Purger
from replayer import Replayer
from transactor import Transactor
from workers import Consumer, Declarer, Journal, Publisher

ROLES = {
    "publisher": Publisher,
    "consumer": Consumer,
    "declarer": Declarer,
    "transactor": Transactor,
    "replayer": Replayer,
    "definer": Definer,
    "purger": Purger,
}


def main():
    role, name, journal, seed = sys.argv[1:]
    worker = ROLES[role](name, Journal(journal), random.Random(seed))
    for line in sys.stdin:
        worker.live(*map(int, line.split()[1:]))
        print("down", flush=True)


if __name__ == "__main__":
    main()
