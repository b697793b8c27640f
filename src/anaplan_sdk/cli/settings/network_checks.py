"""What `anaplan doctor` checks on the way to Anaplan: proxy, names, TLS and the clock."""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.settings.check_results import Check, failed

if TYPE_CHECKING:
    from anaplan_sdk.regions import Hosts

# Seconds for each step of a request, and for all checks of the hosts.
TIMEOUT = 10.0
_LONGEST = 15.0
# Anaplan refuses signatures of certificates that are older or newer.
_LARGEST_DIFFERENCE = 300.0
_ALLOW = "Check the network, and whether a firewall or a proxy blocks this host."


def network_checks(hosts: Hosts, *, uses_oauth: bool) -> Iterator[Check]:
    """Check the way to each of Anaplan's hosts, to all of them at the same time.

    Args:
        hosts: The hosts of the services.
        uses_oauth: Whether the client signs in with OAuth.

    Yields:
        The results.
    """
    import httpx2

    from anaplan_sdk._http.proxies import is_exempt, proxies_of_environment

    urls = [hosts.authentication, hosts.api, hosts.cloud_works, hosts.audit]
    urls += [hosts.oauth] if uses_oauth else []
    origins = list(dict.fromkeys(f"{(u := urlsplit(each)).scheme}://{u.netloc}" for each in urls))
    through_proxy = [each for each in origins if not is_exempt(httpx2.URL(each))]
    proxy = _proxy(is_used=bool(through_proxy))
    yield proxy
    if proxy.result == "problem":
        return
    if not proxies_of_environment():
        through_proxy = []
    has_clock = False
    for check in _checks_of_hosts(origins, through_proxy):
        if check.name != "clock" or not has_clock:
            yield check
        has_clock = has_clock or check.name == "clock"


def _checks_of_hosts(origins: list[str], through_proxy: list[str]) -> Iterator[Check]:
    found: dict[str, list[Check]] = {origin: [] for origin in origins}

    def check(origin: str) -> None:
        name = _name_check(origin, through_proxy=origin in through_proxy)
        found[origin].append(name)
        if name.result != "problem":
            found[origin].extend(_connection(origin))

    # The lookup of a name can't be interrupted; as daemons, threads don't keep the command running.
    threads = {each: Thread(target=check, args=(each,), daemon=True) for each in origins}
    for thread in threads.values():
        thread.start()
    end = time.monotonic() + _LONGEST
    for origin, thread in threads.items():
        thread.join(max(0.0, end - time.monotonic()))
        is_late = thread.is_alive()
        yield from list(found[origin])
        if is_late:
            name, message = _connection_name(origin), f"No answer within {_LONGEST:.0f} seconds."
            yield Check(name, "problem", message, _ALLOW, ExitCode.UNREACHABLE)


def _proxy(*, is_used: bool) -> Check:
    import httpx2

    from anaplan_sdk._http.proxies import check_proxy, proxies_of_environment
    from anaplan_sdk.exceptions import AnaplanException

    proxies = proxies_of_environment()
    if not proxies:
        return Check("proxy", "ok", "none is set (HTTPS_PROXY, ALL_PROXY)")
    names = {f"{scheme.upper()}_PROXY": url for scheme, url in proxies.items()}
    if not is_used:
        message = f"{', '.join(names)} is set, and Anaplan is reached without it."
        return Check("proxy", "not used", message)
    shown: list[str] = []
    for name, url in names.items():
        try:
            check_proxy(name, url)
        except (AnaplanException, ImportError) as error:
            return Check("proxy", "problem", str(error), "Correct the variable.", ExitCode.USAGE)
        # Without the user and the password that the URL may contain.
        parts = httpx2.URL(url)
        port = "" if parts.port is None else f":{parts.port}"
        shown.append(f"{name}={parts.scheme}://{parts.host}{port}")
    exempt = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    return Check("proxy", "ok", ", ".join(shown) + (f"; not for {exempt}" if exempt else ""))


def _name_check(origin: str, *, through_proxy: bool) -> Check:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    name = f"DNS {host}"
    if through_proxy:
        return Check(name, "not used", "The proxy looks up the name.")
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"The name can't be looked up: {getattr(error, 'strerror', None) or error}."
        advice = "Check the network, the region or base URL, and whether HTTPS_PROXY is needed."
        return Check(name, "problem", message, advice, ExitCode.UNREACHABLE)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if addresses == [host]:
        return Check(name, "not used", "It is an address.")
    return Check(name, "ok", ", ".join(addresses[:3]))


def _connection(origin: str) -> Iterator[Check]:
    """Send a request without credentials; look at the certificate and the clock."""
    import httpx2

    from anaplan_sdk._http.client_settings import client_settings
    from anaplan_sdk._http.dates import http_date
    from anaplan_sdk.exceptions import AnaplanException

    name = _connection_name(origin)
    try:
        settings = client_settings({"timeout": TIMEOUT}, (origin,))
    except (AnaplanException, ImportError) as error:
        yield failed(name, error)
        return
    try:
        with httpx2.Client(**settings) as client, client.stream("HEAD", origin) as response:
            stream = response.extensions.get("network_stream")
            tls = stream.get_extra_info("ssl_object") if stream is not None else None
            message = _described(tls) if tls else "plain http to this machine"
            yield Check(name, "ok" if tls else "not used", message, _company_authority(tls))
            date = http_date(response.headers.get("Date", ""))
    except httpx2.RequestError as error:
        yield _no_connection(name, origin, error, settings)
        return
    except httpx2.InvalidURL as error:
        yield failed(name, error)
        return
    if date is not None:
        yield _clock(date - time.time())


def _connection_name(origin: str) -> str:
    parts = urlsplit(origin)
    return f"{'TLS' if parts.scheme == 'https' else 'connection'} {parts.netloc}"


def _clock(difference: float) -> Check:
    seconds = f"{abs(difference):.0f} s"
    if abs(difference) <= _LARGEST_DIFFERENCE:
        return Check("clock", "ok", f"differs from Anaplan's by {seconds}")
    which = "slow" if difference > 0 else "fast"
    return Check(
        "clock",
        "problem",
        f"This machine's clock is {which} by {seconds}.",
        "Set it, such as by NTP: sign-in with a certificate fails otherwise.",
        ExitCode.FAILED,
    )


def _described(tls: Any) -> str:
    certificate: Mapping[str, Any] = tls.getpeercert() or {}
    end = certificate.get("notAfter")
    until = time.strftime("%Y-%m-%d", time.gmtime(ssl.cert_time_to_seconds(end))) if end else "?"
    return f"{tls.version()}, certificate issued by {_issuer(certificate)}, valid until {until}"


def _issuer(certificate: Mapping[str, Any]) -> str:
    names = {key: value for each in certificate.get("issuer", ()) for key, value in each}
    return str(names.get("organizationName") or names.get("commonName") or "an unknown authority")


def _company_authority(tls: Any) -> str:
    file = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    return f"Trusted by {file}." if tls and file else ""


def _no_connection(name: str, origin: str, error: Exception, settings: dict[str, Any]) -> Check:
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    refusal = next(
        (each for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None
    )
    if refusal is None and "CERTIFICATE_VERIFY_FAILED" not in str(error):
        # Without the numbers and the place that Python adds.
        text = re.sub(r"^(?:\[[^\]]*\] |_ssl\.c:\d+: )+|\s*\(_ssl\.c:\d+\)", "", str(error))
        text = text.rstrip(".") or type(error).__name__
        return Check(name, "problem", f"No connection: {text}.", _ALLOW, ExitCode.UNREACHABLE)
    why = getattr(refusal, "verify_message", "").rstrip(".") or "it can't be verified"
    issuer = _unverified_issuer(origin, settings)
    return Check(
        name,
        "problem",
        f"The certificate is not trusted: {why}; it was issued by {issuer}.",
        "If that is your company's own authority, whose proxy opens TLS: save its certificate as "
        "PEM, and set SSL_CERT_FILE to the path.",
        ExitCode.UNREACHABLE,
    )


def _unverified_issuer(origin: str, settings: dict[str, Any]) -> str:
    """Return who issued a certificate that is not trusted. Nothing secret is sent."""
    import httpx2

    try:
        from cryptography import x509
    except ImportError:
        return "an authority that only the extra 'cert' can show"
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    options: dict[str, Any] = {**settings, "verify": context}
    try:
        with (
            httpx2.Client(**options) as client,
            client.stream("HEAD", origin) as response,
        ):
            tls = response.extensions["network_stream"].get_extra_info("ssl_object")
            content = tls.getpeercert(True)
    except (httpx2.HTTPError, KeyError):
        return "an unknown authority"
    return x509.load_der_x509_certificate(content).issuer.rfc4514_string()
