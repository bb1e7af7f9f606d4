"""The answer to something that a process of the company waits for, by API."""

from datetime import datetime
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.words import Words
from invoicing.api.base import ApiView, client, finding, json_body, typed
from invoicing.api.examples import ACTED, ANSWERS
from invoicing.api.idempotency import Done, once
from invoicing.api.problems import Problem
from invoicing.api.processes import POSTED, ActedResource, AnswerBody, done
from invoicing.api.schema import IDEMPOTENCY_KEY, operation
from workflows import tokens
from workflows.encoding import EncodingError, decode
from workflows.errors import TokenClosed
from workflows.models import Token

RESERVED = ("invoice:",)
"""What the AEAT's answer wakes: a client that gave it would write a verdict that nobody returned."""
QUESTIONS = "hold:"
"""Questions are answered at their process, where the answer is judged too."""


class AnswerToken(ApiView):
    """Answer a wait."""

    scopes: ClassVar = {"POST": "processes:write"}

    @operation(
        name="tokens_answer",
        title=Words("Responder a una espera", "Answer a wait"),
        says=Words(
            "Da a un proceso lo que espera (waits del proceso), con la forma que pide; una sola vez.",
            "Gives a process what it waits for (its waits), in the shape that it asks for; once.",
        ),
        scope="processes:write",
        answer=ActedResource,
        status=202,
        body=AnswerBody,
        body_examples=ANSWERS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "answer-reserved", "token-answered", "answer-invalid"),
    )
    def post(self, request: Request, key: str) -> Response:
        """Answer."""
        waits = Token.objects.filter(tenant=client(request).company.tenant, process__isnull=False)
        token = waits.exclude(pk__startswith=QUESTIONS).select_related("process").filter(pk=key).first()
        if token is None:
            raise Problem("not-found")
        # Of a type that has no name nobody can say whether an answer fits: the process would break on it.
        if key.startswith(RESERVED) or not token.answer_type:
            raise Problem("answer-reserved")
        body = json_body(request)
        now = clock.now()
        return once(request, body, lambda: _answer(request, token, body, now), kept_as=ActedResource, now=now)


def _answer(request: Request, token: Token, body: bytes, now: datetime) -> Done:
    told = typed(body, AnswerBody)
    try:
        tokens.answer(
            token.key,
            decode(bytes(told.answer).decode(), Any),
            tenant=token.tenant,
            now=now,
            actor=client(request).actor,
            reason=told.reason,
        )
    except EncodingError as error:
        raise Problem("answer-invalid", errors=[finding(str(error), "/answer")]) from error
    except TokenClosed as error:
        raise Problem("token-answered") from error
    assert token.process  # noqa: S101 (the query has seen to it)
    return done(token.process)
