"""What `doctor` found, in one shape."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ok, warn or fail, what was seen, and what to do."""

    what: str
    verdict: Literal["ok", "warn", "fail"]
    seen: str
    remedy: str = ""
