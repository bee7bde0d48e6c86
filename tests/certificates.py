"""Certificates for servers on loopback: one that is in order, and those that are not."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


def write_certificates(folder: Path, host: str) -> dict[str, ssl.SSLContext]:
    """Return server contexts by name: ``sound``, ``self-signed``, ``expired``, ``wrong-host``.

    The authority that vouches for all but the self-signed one is written to ``authority.pem``.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Vigie test authority")
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    authority = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    here = x509.IPAddress(ipaddress.ip_address(host))
    return {
        "sound": _server(folder / "sound.pem", here, (name, key), now + DAY),
        "self-signed": _server(folder / "self-signed.pem", here, None, now + DAY),
        "expired": _server(folder / "expired.pem", here, (name, key), now - DAY),
        "wrong-host": _server(folder / "wrong-host.pem", x509.DNSName("journal.example"), (name, key), now + DAY),
    }


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _server(
    file: Path,
    subject: x509.GeneralName,
    issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None,
    until: datetime,
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Vigie test server")
    issuer_name, issuer_key = issuer or (name, key)
    certificate = (
        x509.CertificateBuilder(issuer_name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(until - 10 * DAY)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
