"""The OpenAPI document: written beside each view with `operation`, put together by drf-spectacular.

Bodies and answers are msgspec Structs, so their schemas come from the very types that are encoded and decoded; what
each field means stands in `texts.py`, in both languages.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec
from django.utils.functional import lazy
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from common.words import Words
from invoicing.api.problems import KINDS, MEDIA_TYPE
from invoicing.api.texts import FIELDS, INTRODUCTION

KEYED = ("key-in-url", "key-missing", "key-invalid", "scope-missing", "internal-error", "try-later")
"""What every address behind a key may answer."""


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What a refusal looks like (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list["Finding"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong: in the body (`pointer`) or in the query (`parameter`)."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Described(AutoSchema):
    """Puts into the document what drf-spectacular cannot know: our types, and that a body is required."""

    types: dict[str, Any] = {}
    """Every Struct that an operation names, by the name of its schema; filled by `ref`."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        """Return the operation as drf-spectacular builds it, with our components beside it."""
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation and "requestBody" in operation:
            operation["requestBody"]["required"] = True
        for name, schema in _components().items():
            registry.register_on_missing(
                ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
            )
        return operation


class KeyScheme(OpenApiAuthenticationExtension):
    """How a key is sent, for the document."""

    target_class = "invoicing.api.keys.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme's definition."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "enc_…"}


class Param(NamedTuple):
    """One parameter of a query, or a header."""

    name: str
    says: Words
    type: type = str
    required: bool = False
    location: Literal["query", "header"] = "query"
    enum: Sequence[str] = ()


class Example(NamedTuple):
    """A body or an answer that shows one case."""

    name: str
    title: Words
    value: Any


IDEMPOTENCY_KEY = Param(
    "Idempotency-Key",
    Words(
        "Un texto propio de esta operación, de 1 a 200 caracteres ASCII visibles. Repetida con el mismo cuerpo, la "
        "respuesta es la primera, con la cabecera Idempotent-Replayed: true.",
        "A text of this operation alone, 1 to 200 visible ASCII characters. Repeated with the same body, the answer is "
        "the first one, with the header Idempotent-Replayed: true.",
    ),
    required=True,
    location="header",
)


def operation(
    *,
    name: str,
    title: Words,
    says: Words,
    scope: str,
    answer: Any = None,
    status: int = 200,
    media_type: str = "application/json",
    body: Any = None,
    body_examples: Sequence[Example] = (),
    examples: Sequence[Example] = (),
    parameters: Sequence[Param] = (),
    headers: Mapping[str, Words] | None = None,
    problems: Sequence[str] = (),
) -> Callable[[Any], Any]:
    """Describe the decorated method. `problems` are the codes beside `KEYED`; a binary answer has no type."""
    content = ref(answer) if answer else {"type": "string", "format": "binary"}
    responses: dict[Any, Any] = {
        (status, media_type): OpenApiResponse(
            content, description=_lazy(title), examples=[_example(one, media_type, status) for one in examples]
        )
    }
    for code_status in sorted({KINDS[code].status for code in (*KEYED, *problems)}):
        codes = [code for code in (*problems, *KEYED) if KINDS[code].status == code_status]
        responses[code_status, MEDIA_TYPE] = OpenApiResponse(
            ref(ProblemDocument),
            description=" · ".join(codes),
            examples=[_problem_example(code) for code in codes],
        )
    request = None
    if body:
        request = {"application/json": ref(body)}
    described: Callable[[Any], Any] = extend_schema(
        operation_id=name,
        summary=_lazy(title),
        description=_lazy(Words(f"{says.es} Permiso: `{scope}`.", f"{says.en} Scope: `{scope}`.")),
        tags=[name.split("_", maxsplit=1)[0]],
        request=request,
        responses=responses,
        parameters=[
            *(_parameter(one) for one in parameters),
            *(
                OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[status], description=_lazy(said))
                for name, said in (headers or {}).items()
            ),
        ],
        examples=[_example(one, "application/json", None) for one in body_examples],
    )
    return described


def ref(kind: Any) -> dict[str, str]:
    """Return the reference to a Struct's schema and see to it that the document holds it."""
    (found,), _ = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    Described.types[found["$ref"].rsplit("/", 1)[1]] = kind
    _components.cache_clear()
    return dict(found)


@cache
def document(language: str) -> dict[str, Any]:
    """Return the OpenAPI document in `language` (es or en)."""
    with override(language):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
        schema["info"]["description"] = str(INTRODUCTION)
        for name, component in schema["components"]["schemas"].items():
            for field, described in component.get("properties", {}).items():
                # Page_OrderResource_ and its like share the texts of Page.
                said = FIELDS.get(f"{name.partition('_')[0]}.{field}")
                if said:
                    described["description"] = str(said)
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema, enc_hook=str))
        return plain


@cache
def _components() -> dict[str, Any]:
    _, found = msgspec.json.schema_components(
        list(Described.types.values()), ref_template="#/components/schemas/{name}"
    )
    return found


def _parameter(param: Param) -> OpenApiParameter:
    return OpenApiParameter(
        param.name,
        param.type,
        param.location,
        required=param.required,
        description=_lazy(param.says),
        enum=list(param.enum) or None,
    )


def _example(example: Example, media_type: str, status: int | None) -> OpenApiExample:
    return OpenApiExample(
        example.name,
        summary=_lazy(example.title),
        value=example.value,
        media_type=media_type,
        request_only=status is None,
        response_only=status is not None,
        status_codes=[str(status)] if status else None,
    )


def _problem_example(code: str) -> OpenApiExample:
    kind = KINDS[code]
    return OpenApiExample(
        code,
        summary=_lazy(kind.title),
        value={
            "type": f"https://example.com/api/docs/#{code}",
            "title": _lazy(kind.title),
            "status": kind.status,
            "detail": _lazy(kind.detail),
            "instance": "/api/v1/…",
            "code": code,
            "errors": [],
        },
        media_type=MEDIA_TYPE,
        response_only=True,
        status_codes=[str(kind.status)],
    )


def _lazy(said: Words) -> Any:
    """Return the sentence as drf-spectacular takes it: a text that finds its language when the document is made."""
    return lazy(said.__str__, str)()
