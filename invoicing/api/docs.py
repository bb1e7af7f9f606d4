"""`/api/schema/` and `/api/docs/`: the document for programs, and the same document as one page for people.

The page needs no key, no script and nothing from elsewhere.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from common.words import reading
from invoicing.api.problems import KINDS
from invoicing.api.schema import document

PAGE = Path(__file__).with_name("docs.html")


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI 3.1 document, in the request's language."""
    return JsonResponse(
        document(reading()),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        content_type="application/vnd.oai.openapi+json; charset=utf-8",
    )


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Answer the document as a page."""
    return HttpResponse(_page(reading()))


@cache
def _page(language: str) -> str:
    found = document(language)
    template = engines["django"].from_string(PAGE.read_text())
    return str(
        template.render(
            {
                "language": language,
                "info": found["info"],
                "introduction": [_marked(text) for text in found["info"]["description"].split("\n\n")],
                # Orders before invoices: the way that a client goes.
                "operations": [
                    _operation(path, method, operation)
                    for path, methods in sorted(found["paths"].items(), key=lambda item: "orders" not in item[0])
                    for method, operation in methods.items()
                ],
                "types": [
                    (name, _fields(component)) for name, component in sorted(found["components"]["schemas"].items())
                ],
                "problems": [
                    (code, kind.status, getattr(kind.title, language), getattr(kind.detail, language))
                    for code, kind in KINDS.items()
                ],
            }
        )
    )


def _marked(text: str) -> SafeString:
    """Return a paragraph of the document's Markdown as HTML: code and bold, which is all that ours has."""
    escaped = str(escape(text))
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", escaped)))  # noqa: S308 (escaped above)


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        **operation,
        "description": _marked(operation["description"]),
        "parameters": [
            {**parameter, "description": _marked(parameter.get("description", ""))}
            for parameter in operation.get("parameters", [])
        ],
        "path": path,
        "method": method.upper(),
        "body": _contents({"": operation["requestBody"]}) if "requestBody" in operation else [],
        "answers": _contents(operation["responses"]),
    }


def _contents(responses: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one entry per status and media type; a refusal has its codes for a text and no example."""
    return [
        {
            "status": status,
            "media_type": media_type,
            "description": response.get("description", ""),
            "codes": response["description"].split(" · ") if media_type.endswith("problem+json") else [],
            "type": content["schema"].get("$ref", "").rsplit("/", 1)[-1],
            "examples": [
                (example.get("summary", name), json.dumps(example["value"], ensure_ascii=False, indent=2))
                for name, example in content.get("examples", {}).items()
            ],
        }
        for status, response in responses.items()
        for media_type, content in response.get("content", {}).items()
    ]


def _fields(component: dict[str, Any]) -> list[dict[str, Any]]:
    required = component.get("required", [])
    return [
        {
            "name": name,
            "required": name in required,
            "type": _type(described),
            "links": _links(described),
            "description": described.get("description", ""),
        }
        for name, described in component.get("properties", {}).items()
    ] or [{"name": " | ".join(map(str, component.get("enum", []))), "type": component.get("type", "")}]


def _type(described: dict[str, Any]) -> str:
    if "$ref" in described:
        return str(described["$ref"].rsplit("/", 1)[1])
    if "anyOf" in described:
        return " | ".join(_type(one) for one in described["anyOf"])
    kind = str(described.get("type", ""))
    if kind == "array":
        return f"[{_type(described.get('items') or {})}]"
    return f"{kind} ({described['format']})" if "format" in described else kind


def _links(described: dict[str, Any]) -> list[str]:
    """Return the names of the types that a field leads to."""
    inner = [described.get("items") or {}, *described.get("anyOf", [])]
    own = [str(described["$ref"].rsplit("/", 1)[1])] if "$ref" in described else []
    return own + [link for one in inner if one for link in _links(one)]
