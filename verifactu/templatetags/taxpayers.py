"""The two tags of every admin page: whose invoicing it is, and what its people must know.

Django loads this module while unfold's admin classes are still being made: what the tags do is imported when they run.
"""

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("admin/verifactu/operated.html", takes_context=True)
def operated(context: dict[str, Any]) -> dict[str, Any]:
    """Say which taxpayer is operated on this page."""
    from verifactu.admin import always  # noqa: PLC0415 (see above)

    return always.operated(context)


@register.inclusion_tag("admin/verifactu/notices.html", takes_context=True)
def aeat_notices(context: dict[str, Any]) -> dict[str, Any]:
    """Tell what waits and why, and what is amiss."""
    from verifactu.admin import always  # noqa: PLC0415 (see above)

    return always.aeat_notices(context)
