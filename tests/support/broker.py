"""A broker under test as a child process: Leveret, or Debian's RabbitMQ as the reference.

Both listen on the loopback only, on free ports, with all their files in one directory, so any
number of them can run beside each other and beside an installed broker.
"""

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import re
import signal
import socket
import subprocess

from support import frames, wait

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Tls:
    """What a broker's TLS listener is made of; the names are RabbitMQ's. Clients are asked for
    certificates that `authority` (see certificates.py) has signed."""

    authority: object
    server: object
    fail_if_no_peer_cert: bool = False
    login_from: str = "distinguished_name"
    san_type: str = "dns"
    san_index: int = 0


class Broker:
    """One broker process and its directory. Subclasses know how to start it."""

    name = ""
    start_deadline_s = 60.0

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log_path = self.directory / "output.log"
        self.host = "127.0.0.1"
        self.port = 0
        self.http_port = 0
        self.tls = None
        # Who has to send a PROXY header (RabbitMQ: everyone), and the one that we send by default.
        self.proxies = None
        self.preamble = b""
        self.tls_port = 0
        self.https_port = 0
        self.metrics_port = 0
        self.keeps_port = False
        self.process = None

    @property
    def url(self):
        """The default user's URL of the default virtual host."""
        return f"amqp://guest:guest@{self.host}:{self.port}/%2F"

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log_tail(self, characters=4000):
        """The end of what the process printed, for failure messages."""
        return self.log_path.read_text(errors="replace")[-characters:]

    def start(self):
        """Starts the process on its directory and returns when it accepts AMQP clients."""
        assert not self.is_running(), "the broker is already running"
        self._spawn()
        wait.until(self._is_ready, f"start of {self.name}", self.start_deadline_s)
        return self

    def stop(self):
        """Stops it the polite way, by SIGTERM, and returns its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self):
        """Ends it by SIGKILL, as a crash would. `start()` brings it back."""
        return self._end(signal.SIGKILL)

    def restart(self, same_port=False):
        """A polite stop and a new start on the same directory. The port may change, unless asked
        otherwise: a client that connects again by itself knows one port only."""
        self.stop()
        self.keeps_port = same_port
        return self.start()

    def _launch(self, command, **options):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent,
                **options,
            )

    def _end(self, signal_number):
        if not self.is_running():
            return None if self.process is None else self.process.returncode
        self.process.send_signal(signal_number)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within 60 s of SIGTERM") from None

    def _is_ready(self):
        if not self.is_running():
            raise AssertionError(
                f"{self.name} ended with status {self.process.returncode} while starting:\n"
                + self.log_tail()
            )
        return self._answers()

    def _spawn(self):
        raise NotImplementedError

    def _answers(self):
        raise NotImplementedError


class Leveret(Broker):
    """`leveretd` on a data directory; its ports are read from the line it prints when ready."""

    name = "leveretd"
    READY = re.compile(rb"amqp=(\d+) http=(\d+)(?: amqps=(\d+))?(?: https=(\d+))?(?: metrics=(\d+))?")

    def __init__(self, directory, binary):
        super().__init__(directory)
        self.binary = binary
        # More of the environment, by name: settings that a test is about.
        self.variables = {}
        self._log_start = 0

    def leave_out_redo_log(self):
        """Starts it again so that whatever is committed goes into SQLite's file."""
        self.stop()
        self.variables |= {"LEVERET_STORE_REDO_BYTES": "0"}
        self.start()

    def _spawn(self):
        self._spawn_on(*((self.port, self.http_port) if self.keeps_port else (0, 0)))

    def _spawn_on(self, amqp_port, http_port):
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        self._launch(
            [self.binary, "--data-dir", str(self.directory / "data"), "--bind", self.host]
            + ["--amqp-port", str(amqp_port), "--http-port", str(http_port)],
            env=os.environ
            | {"LEVERET_METRICS_PORT": "0"}
            | self._tls_settings()
            | ({"LEVERET_AMQP_PROXY_PROTOCOL_FROM": self.proxies} if self.proxies else {})
            | self.variables,
        )

    def _tls_settings(self):
        if not self.tls:
            return {}
        return {
            "LEVERET_AMQP_TLS_PORT": str(self.tls_port if self.keeps_port else 0),
            "LEVERET_HTTP_TLS_PORT": "0",
            "LEVERET_TLS_CERTFILE": str(self.tls.server.certificate),
            "LEVERET_TLS_KEYFILE": str(self.tls.server.key),
            "LEVERET_TLS_CACERTFILE": str(self.tls.authority.certificate),
            "LEVERET_TLS_VERIFY": "peer",
            "LEVERET_TLS_FAIL_IF_NO_PEER_CERT": str(self.tls.fail_if_no_peer_cert).lower(),
            "LEVERET_TLS_CERT_LOGIN_FROM": self.tls.login_from,
            "LEVERET_TLS_CERT_LOGIN_SAN_TYPE": self.tls.san_type,
            "LEVERET_TLS_CERT_LOGIN_SAN_INDEX": str(self.tls.san_index),
        }

    def _answers(self):
        ready = self.READY.search(self.log_path.read_bytes(), self._log_start)
        if ready:
            self.port, self.http_port = int(ready[1]), int(ready[2])
            self.tls_port, self.https_port = int(ready[3] or 0), int(ready[4] or 0)
            self.metrics_port = int(ready[5] or 0)
        return bool(ready)


class RabbitMQ(Broker):
    """Debian's rabbitmq-server with a node name, a cookie, ports and an epmd of its own."""

    name = "rabbitmq-server"
    # What Leveret has built in.
    PLUGINS = (
        "rabbitmq_management",
        "rabbitmq_consistent_hash_exchange",
        "rabbitmq_random_exchange",
        "rabbitmq_sharding",
        "rabbitmq_prometheus",
    )
    start_deadline_s = 120.0

    def __init__(self, directory):
        super().__init__(directory)
        self.port, self.http_port, self.metrics_port, self.dist_port, self.epmd_port = free_ports(5)
        self.epmd = None

    def _spawn(self):
        if self.epmd is None:
            self.epmd = subprocess.Popen(
                ["epmd", "-port", str(self.epmd_port), "-address", self.host],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=end_with_parent,
            )
        for name in ("home", "mnesia", "log", "plugins"):
            (self.directory / name).mkdir(exist_ok=True)
        plugins = self.PLUGINS + (("rabbitmq_auth_mechanism_ssl",) if self.tls else ())
        (self.directory / "enabled_plugins").write_text(f"[{','.join(plugins)}].\n")
        (self.directory / "rabbitmq.conf").write_text(
            f"management.tcp.ip = {self.host}\nmanagement.tcp.port = {self.http_port}\n"
            f"prometheus.tcp.ip = {self.host}\nprometheus.tcp.port = {self.metrics_port}\n"
            + self._tls_settings()
            + ("proxy_protocol = true\n" if self.proxies else "")
        )
        self._launch([str(self._script())], env=self._environment(), cwd=self.directory)

    def _tls_settings(self):
        if not self.tls:
            return ""
        self.tls_port = self.tls_port or free_ports(1)[0]
        return f"""
            listeners.ssl.1 = {self.host}:{self.tls_port}
            ssl_options.certfile = {self.tls.server.certificate}
            ssl_options.keyfile = {self.tls.server.key}
            ssl_options.cacertfile = {self.tls.authority.certificate}
            ssl_options.verify = verify_peer
            ssl_options.fail_if_no_peer_cert = {str(self.tls.fail_if_no_peer_cert).lower()}
            ssl_cert_login_from = {self.tls.login_from}
            ssl_cert_login_san_type = {self.tls.san_type}
            ssl_cert_login_san_index = {self.tls.san_index}
            auth_mechanisms.1 = PLAIN
            auth_mechanisms.2 = AMQPLAIN
            auth_mechanisms.3 = EXTERNAL
        """

    def control(self):
        """Where rabbitmqctl is, and the environment in which it finds this broker."""
        return self._script().with_name("rabbitmqctl"), self._environment()

    def _answers(self):
        try:
            frames.Client.open(self, timeout_s=5).close()
            socket.create_connection((self.host, self.http_port), timeout=5).close()
            return True
        except (OSError, frames.Unexpected):
            return False

    def _end(self, signal_number):
        status = super()._end(signal_number)
        if self.epmd is not None:
            self.epmd.kill()
            self.epmd.wait()
            self.epmd = None
        return status

    @staticmethod
    def _script():
        """The server's own start script: Debian's wrapper insists on its user and directories."""
        scripts = sorted(
            pathlib.Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server")
        )
        assert scripts, "rabbitmq-server is not installed: apt-get install rabbitmq-server"
        return scripts[-1]

    def _environment(self):
        at = self.directory
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(at / "home"),
            # Makes the script exec the Erlang machine, so that our child is the broker itself.
            "detached": "1",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": self.host,
            "RABBITMQ_NODENAME": f"leveret-test-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": self.host,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false "
            "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": str(at / "none.conf"),
            "RABBITMQ_CONFIG_FILE": str(at / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(at / "none.config"),
            "RABBITMQ_MNESIA_BASE": str(at / "mnesia"),
            "RABBITMQ_LOG_BASE": str(at / "log"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(at / "plugins"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(at / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(at / "config"),
            "RABBITMQ_PID_FILE": str(at / "pid"),
        }


def end_with_parent():
    """In a new child: SIGKILL when the test process ends without having stopped it."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def free_ports(count):
    """Ports that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def from_environment(directory):
    """The broker that CONFORMANCE_TARGET (leveret, rabbitmq) and LEVERETD name."""
    target = os.environ.get("CONFORMANCE_TARGET", "leveret")
    if target == "rabbitmq":
        return RabbitMQ(directory)
    assert target == "leveret", f"CONFORMANCE_TARGET={target}: use leveret or rabbitmq"
    binary = os.environ.get("LEVERETD", str(REPOSITORY / "build/release/leveretd"))
    assert os.access(binary, os.X_OK), f"no broker at {binary}: build it, or set LEVERETD"
    return Leveret(directory, binary)


@contextlib.contextmanager
def running_with_tls(directory, authority, **settings):
    """Such a broker, which runs and has a certificate for localhost from `authority`. `settings`
    are Tls's."""
    broker = from_environment(directory)
    server = authority.sign("/CN=localhost", "DNS:localhost,IP:127.0.0.1")
    broker.tls = Tls(authority, server, **settings)
    try:
        yield broker.start()
    finally:
        broker.stop()
