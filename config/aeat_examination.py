"""What `doctor` says of the way to the AEAT: certificates, address, clock, what waits, and whether the chains hold."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from common import clock
from config.findings import Finding
from invoicing.census_checks import NOT_ASKED
from invoicing.models import Company
from verifactu import going_live, locks, notices
from verifactu.certificates import Certificate
from verifactu.chain_ends import broken_ends
from verifactu.client import endpoint_for
from verifactu.drift import MARGIN, Reading
from verifactu.errors import InvalidCertificate
from verifactu.fitness import Trouble, troubles
from verifactu.models import ChainProblem, Installation, Record, Taxpayer
from verifactu.probe import Probe, probe
from verifactu.service_clock import level

FEW = 3
"""Up to so many certificates in order are told one by one."""

RENEW = "upload the renewed .p12 on the taxpayer's page; it is used at once"
EMPTY = "leave AEAT_ENDPOINT empty: the address then follows from the certificate"


def companies(now: datetime) -> Iterator[Finding]:
    """Look at each company's certificate and installation, and ask the AEAT's address with one of each kind."""
    found = list(Company.objects.select_related("taxpayer"))
    if not found:
        yield Finding("companies", "warn", "none yet", "add one in the admin")
    fit: dict[str, tuple[Certificate, Taxpayer]] = {}
    sound = []
    for company in found:
        yield from _installation(company)
        taxpayer = company.taxpayer
        findings, certificate = _certificate(taxpayer, now)
        yield from findings
        if certificate is None or any("AEAT_ENDPOINT" in finding.seen for finding in findings):
            continue  # it is known that this address is not for this certificate
        # One that is in order knocks rather than one that is not.
        if not findings or _endpoint(certificate) not in fit:
            fit[_endpoint(certificate)] = (certificate, taxpayer)
        if not findings:
            sound.append((certificate, taxpayer))
    yield from _in_order(sound)
    for endpoint, (certificate, taxpayer) in fit.items():
        yield from _aeat(endpoint, certificate, taxpayer)


def _installation(company: Company) -> Iterator[Finding]:
    chains = Installation.objects.filter(taxpayer=company.taxpayer, environment=settings.AEAT_ENVIRONMENT, active=True)
    chain = chains.first()
    if chain is None:
        yield Finding(
            f"{company}", "fail", f"no installation for {settings.AEAT_ENVIRONMENT}",
            "a new installation must be made for this environment before it can invoice",
        )  # fmt: skip
        return
    declared = (settings.PRODUCER_NAME, settings.PRODUCER_NIF, settings.SYSTEM_NAME, settings.SYSTEM_ID)
    if (chain.producer_name, chain.producer_nif, chain.system_name, chain.system_id) != declared:
        yield Finding(
            f"{company}", "fail",
            f"its records name {chain.producer_name} {chain.producer_nif} {chain.system_id}, the declaration "
            f"{settings.PRODUCER_NAME} {settings.PRODUCER_NIF} {settings.SYSTEM_ID}",
            "put PRODUCER_* and SYSTEM_ID back, or begin a new installation under the new ones",
        )  # fmt: skip


def _certificate(taxpayer: Taxpayer, now: datetime) -> tuple[list[Finding], Certificate | None]:
    subject = f"certificate of {taxpayer.nif}"
    if not taxpayer.certificate:
        return [Finding(subject, "fail", "none", "upload the .p12 with its password on the taxpayer's page")], None
    try:
        certificate = taxpayer.open_certificate()
    except InvalidCertificate as error:
        what, _, remedy = str(error).partition(": ")
        return [Finding(subject, "fail", what, f"{remedy}; then upload it again")], None
    own = taxpayer.acts_as == Taxpayer.ActsAs.OWN
    endpoint = settings.AEAT_ENDPOINT
    found = troubles(certificate, nif=taxpayer.nif, acts_for_itself=own, endpoint=endpoint, now=now)
    return [_trouble(subject, trouble, certificate, now) for trouble in found], certificate


def _trouble(subject: str, trouble: Trouble, certificate: Certificate, now: datetime) -> Finding:
    since, until = f"{certificate.not_before:%Y-%m-%d}", f"{certificate.not_after:%Y-%m-%d}"
    match trouble:
        case Trouble.EXPIRED:
            return Finding(subject, "fail", f"expired on {until}", RENEW)
        case Trouble.NOT_YET_VALID:
            remedy = "wait, or upload the one before; if that day is past, set this machine's clock"
            return Finding(subject, "fail", f"valid only from {since} on", remedy)
        case Trouble.EXPIRING:
            return Finding(subject, "warn", f"expires in {(certificate.not_after - now).days} days, on {until}", RENEW)
        case Trouble.OTHER_NIF:
            whose = certificate.nif or certificate.holder_name or "nobody"
            return Finding(
                subject, "fail", f"it acts for {whose}: the AEAT would refuse it (4112)",
                "upload the taxpayer's own, or say on its page that the holder is attorney, successor or colaborador "
                "social",
            )  # fmt: skip
        case Trouble.SEAL_AT_PERSONAL_HOST:
            return Finding(subject, "fail", "a seal, and AEAT_ENDPOINT is the address of persons", EMPTY)
        case Trouble.PERSON_AT_SEAL_HOST:
            return Finding(subject, "fail", "a person's, and AEAT_ENDPOINT is the address of seals", EMPTY)


def _in_order(sound: list[tuple[Certificate, Taxpayer]]) -> Iterator[Finding]:
    if len(sound) > FEW:
        first = min(certificate.not_after for certificate, _ in sound)
        yield Finding("certificates", "ok", f"{len(sound)} in order, the first ends on {first:%Y-%m-%d}")
        return
    for certificate, taxpayer in sound:
        kind = "seal" if certificate.is_seal else "person"
        seen = f"{certificate.holder_name} ({kind}), until {certificate.not_after:%Y-%m-%d}"
        yield Finding(f"certificate of {taxpayer.nif}", "ok", seen)


def _endpoint(certificate: Certificate) -> str:
    if settings.AEAT_ENDPOINT or settings.AEAT_ENVIRONMENT == "simulator":
        return str(settings.AEAT_ENDPOINT)
    return endpoint_for(settings.AEAT_ENVIRONMENT, seal=certificate.is_seal)


def _aeat(endpoint: str, certificate: Certificate, taxpayer: Taxpayer) -> Iterator[Finding]:
    if not endpoint:
        yield Finding("aeat", "warn", "AEAT_ENDPOINT is not set", "manage.py up starts a simulator by itself")
        return
    where = urlsplit(endpoint)
    host = f"{where.hostname}:{where.port or 443}"
    try:
        answer = probe(endpoint, certificate, ca_file=settings.AEAT_CA_FILE, now=clock.now)
    except OSError as error:
        remedy = "name a readable file of PEM certificates"
        yield Finding("aeat", "fail", f"AEAT_CA_FILE {settings.AEAT_CA_FILE}: {error.strerror or error}", remedy)
        return
    seen, remedy = _answer(answer, host, certificate, taxpayer)
    yield Finding("aeat", "fail" if remedy else "ok", seen, remedy)
    if answer.reading:
        yield _clock(answer.reading)


def _answer(answer: Probe, host: str, certificate: Certificate, taxpayer: Taxpayer) -> tuple[str, str]:
    """Return what was seen, and the remedy; no remedy when all is well."""
    kind = "a seal" if certificate.is_seal else "a person's certificate"
    match answer.kind:
        case "ok":
            return f"{host} answers the certificate of {taxpayer.nif}", ""
        case "dns":
            return f"the name of {host} is not found", "check DNS, and AEAT_ENDPOINT for a slip of the pen"
        case "refused":
            return f"nobody listens at {host}", (
                "check AEAT_ENDPOINT; manage.py up starts the simulator, aeat_simulator starts it alone"
            )
        case "timeout":
            return f"{host} does not answer in time", "let TCP to it out through the firewall; else try again later"
        case "untrusted":
            return f"{host} shows a certificate of an authority that is not trusted here", (
                "AEAT_CA_FILE must name its authority (the simulator's is ca.pem in its directory); for the AEAT "
                "itself install ca-certificates, and look for a proxy that opens TLS"
            )
        case "other_name":
            return f"{host} shows a certificate made out to another name", "write AEAT_ENDPOINT with that name"
        case "certificate":
            return f"{host} refuses the certificate of {taxpayer.nif} ({answer.text})", (
                "it is expired, revoked, or of an authority that this service does not know: upload another"
            )
        case "turned_away":
            other = "persons and representatives" if certificate.is_seal else "seals"
            said = f" «{answer.text}»" if answer.text else ""
            return f"{host} turns {kind} away: HTTP {answer.status}{said}", (
                f"this may be the address of {other}: the AEAT has www1 for persons, www10 for seals. {EMPTY}"
            )
        case "not_there":
            return f"{host} has nothing at {urlsplit(settings.AEAT_ENDPOINT).path or '/'}", "correct AEAT_ENDPOINT"
        case "proxy":
            return f"the proxy does not let through to {host}: {answer.text[:80]}", "see HTTPS_PROXY and NO_PROXY"
        case _:
            return f"{host}: {answer.text[:100]}", "is it a TLS service? Check AEAT_ENDPOINT, then try again"


def _clock(reading: Reading) -> Finding:
    drift = reading.drift
    if drift is None:
        return Finding("clock", "warn", "the answer tells no time", "")
    if not level(drift):
        return Finding("clock", "ok", "agrees with the AEAT's" + (f" but for {abs(drift):.0f} s" if drift else ""))
    side = "ahead of" if drift > 0 else "behind"
    return Finding(
        "clock", "fail" if level(drift) == "alarm" else "warn",
        f"ours is {abs(drift):.0f} s {side} the AEAT's, whose margin is {MARGIN} s (2004)",
        "set this machine's clock: timedatectl set-ntp true",
    )  # fmt: skip


def census(now: datetime) -> Iterator[Finding]:
    """Tell whether the AEAT's census answers the companies that check NIF and name there before they issue."""
    for company in Company.objects.filter(checks_census=True).select_related("taxpayer"):
        last = company.census_checks.exclude(detail=NOT_ASKED).defer("raw").order_by("-at").first()
        if last is None:
            yield Finding("census", "ok", f"{company.taxpayer.nif}: nobody was asked about yet")
        elif last.outcome != "unavailable":
            yield Finding("census", "ok", f"{company.taxpayer.nif}: answered on {last.at:%Y-%m-%d %H:%M} UTC")
        else:
            yield Finding(
                "census", "warn", f"{company.taxpayer.nif}: no answer on {last.at:%Y-%m-%d %H:%M} UTC: {last.detail}",
                "invoices are issued unchecked meanwhile; see AEAT_CENSUS_URL and the taxpayer's certificate, and the "
                "answers under «Comprobaciones en el censo»",
            )  # fmt: skip


def chains(now: datetime) -> Iterator[Finding]:
    """Look at the end of every chain, and tell what a check found before."""
    ends = broken_ends()
    broken = {chain: finding for chain, finding in ends.items() if finding}
    known = ChainProblem.objects.select_related("installation__taxpayer")
    told = {it.pk: (it.subject, it.text) for it in known} | {
        chain: (finding.subject, finding.text) for chain, finding in broken.items()
    }
    for subject, text in told.values():
        yield Finding(
            "chain", "fail", f"{subject}: {text}",
            "manage.py verify_ledger says where it begins; find what changed the rows. Invoicing goes on",
        )  # fmt: skip
    if not told:
        yield Finding("chains", "ok", f"{len(ends)} end in a record that is linked to the one before it")


def stopped(now: datetime) -> Iterator[Finding]:
    """Tell of the chains that send nothing until a person says so."""
    for chain in Installation.objects.exclude(stopped_at=None).select_related("taxpayer"):
        yield Finding(
            f"sending of {chain}", "fail", f"stopped on {chain.stopped_at:%Y-%m-%d %H:%M} UTC: {chain.stopped_reason}",
            "write to verifactu@correo.aeat.es; then «Reanudar el envío» on the installation's page in the admin",
        )  # fmt: skip


def unconfirmed(now: datetime) -> Iterator[Finding]:
    """Tell of the installations in production on which nothing is issued until a person confirms what that binds to."""
    for chain in notices.unconfirmed():
        remedy = f"on the installation's page in the admin, or {going_live.REMEDY.format(nif=chain.taxpayer.nif)}"
        yield Finding("going live", "fail", f"{chain}: not confirmed, so that nothing is issued: orders wait", remedy)


def locked(now: datetime) -> Iterator[Finding]:
    """Tell of the chains that were locked after a restore: nothing is issued on them, nothing sent."""
    active = Installation.objects.filter(environment=settings.AEAT_ENVIRONMENT, active=True)
    for chain in active.select_related("taxpayer"):
        if reason := locks.why_closed(chain):
            yield Finding("restore", "fail", f"{chain}: nothing is issued or sent: {reason}", locks.REMEDY)


def backlog(now: datetime) -> Iterator[Finding]:
    """Tell what waits and why, and what was set aside."""
    waiting = notices.waiting(None, now=now)
    for it in waiting:
        reason = it.reason or "nobody has tried"
        remedy = "see the reason; they are sent again by themselves, at least once an hour"
        if not it.reason:
            remedy = "start the workers: manage.py worker --queues default,pdf (or manage.py up)"
        since = f"{it.since:%Y-%m-%d %H:%M} UTC"
        yield Finding("backlog", "warn", f"{it.nif}: {it.count} records wait since {since}: {reason}", remedy)
    for item in notices.amiss(None, now=now):
        if item.kind == "quarantined":
            seen = f"{item.nif}: {item.count} records set aside: {item.text[:100]}"
            yield Finding("quarantine", "warn", seen, "see Registros in the admin for each one's reason")
    if not waiting:
        count = Record.objects.filter(state__in=("pending", "in_flight", "unknown")).count()
        yield Finding("backlog", "ok", f"{count} on their way" if count else "every record has its answer")
