"""What a decision knows beside the order: settings of taxes, exchange rates, answers of VIES and the census."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from invoicing.exchange import quote
from invoicing.holds import Action, Resolution
from invoicing.models import CensusCheck, Company, Connection, VatCheck
from invoicing.policy import Known, operation_date
from invoicing.recipients import CensusAnswer, Identity, VatAnswer, nifs, numbers
from invoicing.taxes import TaxPolicy
from invoicing.values import OrderContent

STANDS = {"valid": timedelta(days=1), "invalid": timedelta(minutes=10), "unavailable": timedelta(minutes=10)}
"""How long an answer counts before VIES is asked again. A decision follows its check within seconds; a person who
decides again means that something has changed."""
CENSUS_STANDS = {
    "identified": timedelta(days=30), "deregistered": timedelta(days=1), "revoked": timedelta(days=1),
    "similar": timedelta(minutes=10), "not_identified": timedelta(minutes=10), "unavailable": timedelta(minutes=10),
}  # fmt: skip
"""The same for the AEAT's census: a NIF keeps its name; one that it does not know yet it may know tomorrow."""


def tax_policy(company: Company, connection: Connection | None) -> TaxPolicy:
    """Return what taxes ask of a company and a shop; an order by hand has none."""
    shop = connection or Connection()
    return TaxPolicy(
        territory=company.territory,
        regime=company.regime,
        oss_from=company.oss_from,
        used_goods=tuple(company.used_goods_keys),
        untaxed=shop.untaxed_default,
        untaxed_words=words(shop.untaxed_words),
        untaxed_shipping=shop.untaxed_shipping,
        untaxed_tips=shop.untaxed_tips,
    )


def words(pairs: list[str]) -> dict[str, str]:
    """Return word -> code from pairs written as `word=code`."""
    split = (pair.partition("=") for pair in pairs)
    return {word.strip(): code.strip() for word, _, code in split if word.strip() and code.strip()}


def known(
    company: Company,
    connection: Connection,
    content: OrderContent,
    answers: tuple[Resolution, ...],
    *,
    now: datetime,
    given: tuple[str, ...] = (),
) -> Known:
    """Return what is known now for a decision on this version; a query or two, for those orders that need it.

    `given` are the buyer's numbers that people gave for earlier versions.
    """
    given += tuple(answer.nif for answer in answers if answer.action == Action.GIVE_NIF)
    today = now.astimezone(ZoneInfo(company.zone)).date()
    day = operation_date(content, connection.trigger, company.zone, today) or today
    return Known(
        quote=quote(content.currency, day) if content.currency != "EUR" else None,
        vat={number: answer for number in numbers(content, given) if (answer := newest(company, number, now=now))},
        census=in_census(company, nifs(content, given), now=now) if company.checks_census else {},
    )


def newest(company: Company, number: str, *, now: datetime) -> VatAnswer | None:
    """Return the newest answer about a number that still counts."""
    row = VatCheck.objects.filter(company=company, number=number).order_by("-at").first()
    if row is None or now - row.at > STANDS[row.outcome]:
        return None
    return VatAnswer(number=number, outcome=row.outcome, at=row.at, request=row.request_identifier, detail=row.detail)


def in_census(company: Company, asked: tuple[str, ...], *, now: datetime) -> dict[Identity, CensusAnswer]:
    """Return the newest answers about these NIFs, each with the name that it was asked with, that still count."""
    if not asked:
        return {}
    rows = CensusCheck.objects.filter(company=company, nif__in=asked, at__gte=now - max(CENSUS_STANDS.values()))
    newest_of = rows.order_by("nif", "name", "-at").distinct("nif", "name")
    return {
        Identity(nif=row.nif, name=row.name): CensusAnswer(outcome=row.outcome, name=row.census_name)
        for row in newest_of.defer("raw")
        if now - row.at <= CENSUS_STANDS[row.outcome]
    }
