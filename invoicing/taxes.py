"""Which tax a line bears, and the AEAT's words for it. Pure.

Sources: fiscal-policy.md, Taxes; verifactu.md 3.1, 4.4 and 4.5 (FAQ 23 and 24); the articles that `reasons` and
`mentions` name. Rates stand in `rates`, places in `places`, what a person or a setting may choose in `treatments`.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal

import msgspec

from invoicing import remembering
from invoicing.holds import Action, Unpriceable
from invoicing.places import SEATS, TAXES, Place, Territory
from invoicing.rates import charged_abroad, charged_pair, charged_rate
from invoicing.treatments import EXEMPT_REGIMES, REGIMES, Treatment, by_code
from invoicing.values import LineKind, OrderLine
from verifactu.codes import CalificacionOperacion, ClaveRegimenIGIC, ClaveRegimenIVA, Impuesto, OperacionExenta

FOLLOWERS = (LineKind.SHIPPING, LineKind.FEE)
"""Kinds that share the fate of the goods, or of the services where there are no goods (LIVA art. 78.Dos.1)."""
SERVED = (LineKind.GOODS, LineKind.GIFT_CARD)
"""Kinds that count as goods when it is asked whether there are any."""
NAMES = {Impuesto.IVA: "IVA", Impuesto.IGIC: "IGIC", Impuesto.IPSI: "IPSI"}
WORDS = {"reverse_charge": "S2"}
"""A platform's word for why there is no tax -> what it is at home; a connection may know more."""


class TaxPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer and the shop as far as taxes ask; each is a setting of the company or of the connection."""

    territory: str = "common"
    regime: str = "general"
    oss_from: date | None = None
    """The day from which consumers of other member states are under OSS; None: not registered."""
    used_goods: tuple[str, ...] = ()
    """How the SKU of second-hand goods begins, compared without case."""
    untaxed: str = ""
    """Code of `treatments` for what comes untaxed without a known cause; empty: hold."""
    untaxed_words: Mapping[str, str] = {}
    """The platform's word -> code of `treatments`, beside WORDS."""
    untaxed_shipping: str = "hold"
    """hold, or goods: taxed as the goods are, inside its amount."""
    untaxed_tips: str = "hold"
    """hold, not_subject, or goods."""

    @property
    def home(self) -> Territory:
        """The territory from which goods leave."""
        return SEATS[self.territory]

    @property
    def impuesto(self) -> str:
        """The tax that the issuer charges at home."""
        return TAXES[self.home]


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """All that the treatment of a line depends on beside the line."""

    policy: TaxPolicy = TaxPolicy()
    place: Place = Place(Territory.IVA)
    on: date
    goods: bool = True
    """Whether the order has goods, which shipping and fees follow."""
    vat: str = ""
    """The buyer's VAT number of another member state, once VIES or a person stands for it."""
    evidence: str = ""
    accepted: AbstractSet[str] = frozenset()
    """Codes of holds that a person overrode."""
    chosen: str = ""
    """The code that a person chose for what came untaxed."""
    kept: tuple[remembering.Kept, ...] = ()
    """What people said of the order before; it counts for the lines that it was about, ahead of `chosen`."""

    @property
    def at_home(self) -> bool:
        """Whether the order stays where the issuer is."""
        return self.place.territory == self.policy.home

    @property
    def eu_consumer(self) -> bool:
        """Whether it goes from the territory of the IVA to somebody without VAT number in another member state."""
        return self._within_the_union and not self.vat

    @property
    def eu_company(self) -> bool:
        """The same with one."""
        return self._within_the_union and bool(self.vat)

    @property
    def _within_the_union(self) -> bool:
        return self.policy.home == Territory.IVA and self.place.territory == Territory.EU

    @property
    def oss(self) -> bool:
        """Whether tax of the consumer's state is due."""
        start = self.policy.oss_from
        return self.eu_consumer and start is not None and self.on >= start

    def about(self, line: OrderLine) -> str:
        """Return what a question about a line is about: what is sold, with which taxes, from and to where, to whom."""
        rates = "+".join(sorted(f"{tax.rate.normalize():f}" for tax in line.taxes))
        where = (NAMES[Impuesto(self.policy.impuesto)], self.place.name, self.vat)
        return " | ".join((*where, line.kind, line.sku, line.description, rates, line.untaxed_because))

    def overridden(self, code: str, line: OrderLine) -> bool:
        """Tell whether a person went on in spite of this."""
        return code in self.accepted or remembering.overridden(code, self.about(line), self.kept)

    def chosen_for(self, line: OrderLine) -> str:
        """Return what a person said that an untaxed line is, as a code; empty for nothing."""
        return remembering.chosen(self.about(line), self.kept) or self.chosen


def treatment(line: OrderLine, s: Situation) -> Treatment:
    """Return how a line that is not free is declared.

    A tax of 0 % outside the periods when that was a rate counts as no tax: shops write exports so.

    :raises Unpriceable: `several_taxes`, `oss_not_registered`; unless a person went on in spite of it
        `unknown_tax_rate`, `oss_rate`, `tax_charged_on_export`, `tax_charged_to_eu_company`; unless a person said what
        it is `untaxed_line`, `untaxed_tip`.
    """
    if used(line, s.policy) and (s.at_home or s.eu_consumer or s.eu_company):
        return Treatment(
            impuesto=s.policy.impuesto,
            clave_regimen=ClaveRegimenIVA.REBU.value,
            calificacion=CalificacionOperacion.S1.value,
            whole=True,
            mention="used_goods",
            because="used_goods",
        )
    rates = charged(line, s)
    if not rates:
        return _untaxed(line, s)
    if len(rates) > 1:
        return _surcharged(line, rates, s)
    return _taxed(line, rates[0], s)


def used(line: OrderLine, policy: TaxPolicy) -> bool:
    """Tell whether a line is of second-hand goods, by the beginning of its SKU."""
    sku = line.sku.casefold()
    return any(key and sku.startswith(key.casefold()) for key in policy.used_goods)


def charged(line: OrderLine, s: Situation) -> list[Decimal]:
    """Return the rates that the shop charged; nought is one only where the issuer's tax knows it, at home."""
    nought = s.at_home and s.policy.impuesto != Impuesto.IPSI and charged_rate(Decimal(0), s.on, s.policy.impuesto)
    return [tax.rate for tax in line.taxes if tax.rate or nought]


def _surcharged(line: OrderLine, rates: list[Decimal], s: Situation) -> Treatment:
    pair = charged_pair(set(rates), s.on) if len(rates) == 2 else None
    if pair is None or not s.at_home or s.policy.impuesto != Impuesto.IVA:
        raise Unpriceable("several_taxes", line=line.description, rates=" + ".join(map(str, rates)))
    kind = _domestic(line, pair[0], s)
    return msgspec.structs.replace(kind, surcharge_rate=pair[1], because="surcharge")


def _taxed(line: OrderLine, rate: Decimal, s: Situation) -> Treatment:
    if s.oss and (charged_abroad(rate, s.place.country) or s.overridden("oss_rate", line)):
        return Treatment(
            clave_regimen=ClaveRegimenIVA.OSS_IOSS.value,
            calificacion=CalificacionOperacion.N2.value,
            foreign_rate=rate,
            mention="oss",
            because="oss",
        )
    service = _as_service(line, s)
    if s.oss and not service:
        raise Unpriceable("oss_rate", line=line.description, rate=rate, country=s.place.country)
    if not charged_rate(rate, s.on, s.policy.impuesto) and not s.overridden("unknown_tax_rate", line):
        if s.eu_consumer and charged_abroad(rate, s.place.country):
            raise Unpriceable("oss_not_registered", line=line.description, rate=rate, country=s.place.country)
        # The AEAT knows the rates of the IVA and no others (1124); those of the islands change by their own laws.
        without = (Action.ISSUE_ANYWAY,) if s.policy.impuesto == Impuesto.IVA else ()
        name = NAMES[Impuesto(s.policy.impuesto)]
        raise Unpriceable(
            "unknown_tax_rate", without=without, line=line.description, rate=rate, date=s.on.isoformat(), tax_name=name
        )
    if s.eu_company and not s.overridden("tax_charged_to_eu_company", line):
        raise Unpriceable("tax_charged_to_eu_company", line=line.description, tax_id=s.vat)
    leaves = not s.at_home and not s.eu_consumer and not s.eu_company
    if leaves and not service and not s.overridden("tax_charged_on_export", line):
        raise Unpriceable("tax_charged_on_export", line=line.description, place=s.place.name)
    return _domestic(line, rate, s)


def _domestic(line: OrderLine, rate: Decimal, s: Situation) -> Treatment:
    impuesto = s.policy.impuesto
    regime, mention = REGIMES[impuesto].get(s.policy.regime, REGIMES[impuesto]["general"])
    names = {Impuesto.IVA: "domestic", Impuesto.IGIC: "domestic_igic", Impuesto.IPSI: "domestic_ipsi"}
    return Treatment(
        impuesto=impuesto,
        clave_regimen=regime,
        calificacion=CalificacionOperacion.S1.value,
        rate=rate,
        mention=mention,
        because=names[Impuesto(impuesto)],
    )


def _untaxed(line: OrderLine, s: Situation) -> Treatment:
    """Look for the cause, the surest first; without one a person is asked."""
    if said := _said(line, s):
        return said
    if line.kind == LineKind.TIP:
        if s.policy.untaxed_tips == "not_subject":
            kind = by_code("N1", s.policy.impuesto, s.on)
            return msgspec.structs.replace(kind, mention="", because="tip")
        if chosen := _chosen(line, s):
            return chosen
        raise Unpriceable("untaxed_tip", line=line.description, tax=s.policy.impuesto)
    if not s.at_home and not s.eu_consumer:
        return _elsewhere(s) if _as_service(line, s) else _leaving(s)
    if chosen := _chosen(line, s):
        return chosen
    if exempt := EXEMPT_REGIMES.get((s.policy.impuesto, s.policy.regime)):
        return exempt
    if default := _meaning(s.policy.untaxed, "by_default", s):
        return default
    raise Unpriceable("untaxed_line", line=line.description, tax=s.policy.impuesto)


def _chosen(line: OrderLine, s: Situation) -> Treatment | None:
    return _meaning(s.chosen_for(line), "chosen", s)


def _meaning(code: str, why: str, s: Situation) -> Treatment | None:
    """Return what a code means; nothing where it means nothing under the issuer's tax on that day."""
    try:
        return msgspec.structs.replace(by_code(code, s.policy.impuesto, s.on), because=why)
    except ValueError:
        return None


def _said(line: OrderLine, s: Situation) -> Treatment | None:
    """Return what the order itself says: a code of ours, or a word of the platform's that is mapped."""
    word = line.untaxed_because
    if not word:
        return None
    code = s.policy.untaxed_words.get(word, WORDS.get(word, word))
    if code != word and not s.at_home:
        return None  # a platform's word speaks of tax at home; abroad the place says more
    return _meaning(code, "said", s)


def _as_service(line: OrderLine, s: Situation) -> bool:
    return line.kind == LineKind.SERVICE or (line.kind in (*FOLLOWERS, LineKind.TIP) and not s.goods)


def _leaving(s: Situation) -> Treatment:
    """Return how goods are declared that leave the territory of the issuer's tax."""
    if s.eu_company:
        return Treatment(exencion=OperacionExenta.E5.value, mention="intra_eu", because="intra_eu")
    match s.policy.impuesto:
        case Impuesto.IGIC:
            regime, mention = ClaveRegimenIGIC.EXPORTACION.value, "igic_export"
        case Impuesto.IPSI:  # no regime of export there (verifactu.md 3.1)
            regime, mention = "01", "ipsi_export"
        case _:
            regime = ClaveRegimenIVA.EXPORTACION.value
            mention = f"export_{s.place.territory.name.lower()}" if s.place.territory.spanish else "export"
    return Treatment(
        impuesto=s.policy.impuesto,
        clave_regimen=regime,
        exencion=OperacionExenta.E2.value,
        mention=mention,
        because="export",
    )


def _elsewhere(s: Situation) -> Treatment:
    """Return how a service is declared whose place of supply is not the issuer's (FAQ 23 and 24)."""
    mention = {Impuesto.IVA: "elsewhere", Impuesto.IGIC: "elsewhere_igic", Impuesto.IPSI: "elsewhere_ipsi"}
    regime = "01"
    if s.place.territory.spanish:
        to_ipsi = s.place.territory in (Territory.CEUTA, Territory.MELILLA)
        regime = ClaveRegimenIGIC.IPSI.value if s.policy.impuesto == Impuesto.IGIC and to_ipsi else "08"
    return Treatment(
        impuesto=s.policy.impuesto,
        clave_regimen=regime,
        calificacion=CalificacionOperacion.N2.value,
        mention="reverse_charge" if s.eu_company else mention[Impuesto(s.policy.impuesto)],
        because="elsewhere",
    )
