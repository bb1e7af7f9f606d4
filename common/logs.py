"""What a log line carries: JSON for machines, and in every format whose work it speaks of."""

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime

_carried: ContextVar[Mapping[str, str]] = ContextVar("carried", default={})  # noqa: B039 (never written into)


class Carrying:
    """A block whose log lines carry these names too: `with Carrying(process=id):`. Blocks nest."""

    def __init__(self, **names: str) -> None:
        self._names = names
        self._before: Token[Mapping[str, str]] | None = None

    def __enter__(self) -> None:
        self._before = _carried.set({**_carried.get(), **self._names})

    def __exit__(self, *exception: object) -> None:
        if self._before is not None:
            _carried.reset(self._before)


class ContextFilter(logging.Filter):
    """Give each record what the block around it carries: `carried` for machines, `context` for the text format."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.carried = carried = _carried.get()
        record.context = "".join(f" {name}={value}" for name, value in carried.items())
        return True


class JsonFormatter(logging.Formatter):
    """Render a record as one JSON object: time (UTC), level, logger, message, what it carries, and any traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "carried", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
