"""Makes a broker that runs think that it is short of memory or disk, or not any more."""

import contextlib
import subprocess

from support import broker as brokers
from support import management, wait

RABBITMQ = {
    ("memory", True): ("set_vm_memory_high_watermark", "absolute", "1MB"),
    ("memory", False): ("set_vm_memory_high_watermark", "0.6"),
    ("disk space", True): ("set_disk_free_limit", str(10**15)),
    ("disk space", False): ("set_disk_free_limit", "1000000"),
}
LEVERET = {
    ("memory", True): ("alarms.memory", "1 MiB"),
    ("memory", False): ("alarms.memory", "60%"),
    ("disk space", True): ("alarms.disk_free", "100%"),
    ("disk space", False): ("alarms.disk_free", "none"),
}


def turn(broker, resource, is_on):
    """`resource` as health checks call it: memory, disk space. Returns when that is so."""
    if isinstance(broker, brokers.RabbitMQ):
        _rabbitmqctl(broker, *RABBITMQ[resource, is_on])
    else:
        name, value = LEVERET[resource, is_on]
        management.request(broker, "PUT", f"/api/x/config/{name}", {"value": value})
    wait.until(lambda: (resource in on(broker)) == is_on, f"alarm {resource} {is_on}")


@contextlib.contextmanager
def during(broker, resource):
    """With that alarm, which is over again afterwards."""
    turn(broker, resource, True)
    try:
        yield
    finally:
        turn(broker, resource, False)


def on(broker):
    """The resources that there is an alarm of."""
    _, answer = management.request(broker, "GET", "/api/health/checks/alarms")
    return {alarm["resource"] for alarm in answer.get("alarms", [])}


def _rabbitmqctl(broker, *arguments):
    script, environment = broker.control()
    command = [str(script), "-q", "-n", environment["RABBITMQ_NODENAME"], *arguments]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
