"""Take the documents of a file in, batch by batch: each batch is one commit, and the same document again is nothing."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from invoicing.deliveries import made
from invoicing.importing.documents import documents
from invoicing.importing.looking import read
from invoicing.intake import receive_many
from invoicing.models import Connection, Delivery
from invoicing.storefronts import Unreadable
from invoicing.storefronts.payload import clean

BATCH = 200
BATCH_BYTES = 4 * 1024 * 1024


class FileChanged(Exception):
    """The file is not what it was when it was looked at: import it again, what is in stays in."""


def take(
    connection: Connection, file: BinaryIO, *, name: str, topic: str, actor: str, most: int, skip_bad: bool,
    now: Callable[[], datetime], at: Callable[[int], object],
) -> int:  # fmt: skip
    """Store the first `most` documents as deliveries that are to be read; return how many were new.

    :param name: of the file; each delivery keeps it and the document's place there.
    :raises FileChanged: for a document that cannot be read, unless those are to be skipped.
    """
    new, size = 0, 0
    batch: list[Delivery] = []
    for done, document in enumerate(islice(documents(file), most), 1):
        try:
            found = read(connection, document, topic)
        except Unreadable as error:
            if not skip_bad:
                raise FileChanged(f"{document.place}: {clean(str(error))}. {FileChanged.__doc__}") from error
            continue
        headers = {"Encadena-Import": f"{name}, {document.place}"}
        batch.append(made(connection, body=document.body, headers=headers, identity=found.identity, now=now()))
        size += len(document.body)
        if len(batch) == BATCH or size >= BATCH_BYTES:
            new += receive_many(batch, now=now(), actor=actor)
            batch, size = [], 0
            at(done)
    return new + receive_many(batch, now=now(), actor=actor)
