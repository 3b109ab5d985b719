"""Certificates for tests, made by the `openssl` command when they are needed."""

import pathlib
import subprocess


class Authority:
    """A certificate authority in a directory of its own, and what it has signed."""

    def __init__(self, directory, name="Test Root", parent=None):
        """`parent`: the authority that has signed this one's certificate; itself without."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = self.directory / "ca.pem"
        self._key = self.directory / "ca.key"
        self._count = 0
        signer = ("-CA", parent.certificate, "-CAkey", parent._key) if parent else ()
        openssl("req", "-x509", *NEW_KEY, *signer, "-keyout", self._key, "-out", self.certificate,
                "-days", "30", "-subj", f"/CN={name}", "-addext", "keyUsage=keyCertSign,cRLSign")
        # What goes along with each certificate that it signs: those between it and the root.
        self._chain = self.certificate.read_text() + parent._chain if parent else ""

    def sign(self, subject, names="", usage="serverAuth,clientAuth", days=30):
        """A certificate and its key. `subject` as openssl has it, "/O=Example/CN=worker";
        `names` a subjectAltName, "DNS:localhost,IP:127.0.0.1"; with -1 `days` it expired yesterday.
        """
        self._count += 1
        at = self.directory / f"{self._count}"
        signed = Certificate(at.with_suffix(".pem"), at.with_suffix(".key"))
        request, extensions = at.with_suffix(".csr"), at.with_suffix(".ext")
        extensions.write_text(
            f"extendedKeyUsage={usage}\n" + (f"subjectAltName={names}\n" if names else "")
        )
        openssl("req", *NEW_KEY, "-utf8", "-keyout", signed.key, "-out", request,
                "-subj", subject, "-multivalue-rdn")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                "-set_serial", str(self._count), "-out", signed.certificate,
                "-extfile", extensions, "-days", str(days))
        with open(signed.certificate, "a") as chain:
            chain.write(self._chain)
        return signed


class Certificate:
    def __init__(self, certificate, key):
        self.certificate = certificate
        self.key = key


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments):
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stderr}"
