"""What a decision says of its taxes: the reasons of one row of the breakdown. Pure."""

from collections.abc import Sequence

from invoicing.reasons import because
from invoicing.taxes import Situation
from invoicing.treatments import Treatment, named
from invoicing.values import Because, OrderLine

LONGEST = 200
"""Characters of the lines' names in one reason."""


def reasons_of(kind: Treatment, lines: Sequence[OrderLine], s: Situation) -> list[Because]:
    """Return why these lines are declared so, with their names."""
    names = ", ".join(dict.fromkeys(line.description for line in lines))
    facts = {"lines": names if len(names) <= LONGEST else f"{names[: LONGEST - 1]}…", "place": s.place.name}
    if kind.rate is not None:
        facts["rate"] = str(kind.rate)
    match kind.because:
        case "surcharge":
            facts["surcharge"] = str(kind.surcharge_rate)
        case "oss":
            facts["rate"] = str(kind.foreign_rate)
        case "intra_eu":
            facts |= {"vat": s.vat, "evidence": s.evidence}
        case "exempt_by_regime":
            facts["regime"] = s.policy.regime
        case "chosen":
            facts["treatment"] = named(s.chosen_for(lines[0]))
        case "by_default":
            facts["treatment"] = named(s.policy.untaxed)
        case "said":
            word = next(line.untaxed_because for line in lines if line.untaxed_because)
            facts |= {"word": word, "treatment": kind.exencion or kind.calificacion}
    found = [because(kind.because, **facts)]
    if kind.because.startswith("domestic") and s.eu_consumer:
        found.append(because("below_oss", place=s.place.name))
    if kind.because.startswith("domestic") and s.policy.regime != "general":
        found.append(because("issuer_regime", regime=s.policy.regime))
    return found
