"""A stand-in for the AEAT's VERI*FACTU service: real TLS, its own authority, a lasting ledger, failures on demand.

It shares with the sender the schemas (`verifactu/schemas`), the shape of a record (`verifactu.records`) and the table
of rules (`verifactu.rules`), and nothing else: reading, huella, chain and lifecycle are written a second time here, so
that one side cannot hide the other's mistake. No Django.

    simulator.py     Simulator: everything below, started and stopped as one
    server.py        the TLS doors (personal, seal, QR page): certificates, sizes, timeouts
    playing.py       what a door sends, and the failures it has been told to play
    qr_page.py       the page behind the QR code
    listening.py     what both doors have in common
    control.py       the loopback door by which it is told, and by which its ledger is looked at
    failures.py      what it can be told to do wrong
    distort.py       how that changes a verdict or an answer
    authority.py     its certificates: who may enter
    service.py       one request in, one answer out: the two operations
    messages.py      what arrives: hardened parsing, schema, values
    reading.py       elements into values
    header.py        the rules of the Cabecera
    census.py        the NIFs that exist
    identification.py    the service that is asked about them
    judge.py         the verdict on one record, from these three and the table of rules:
    fingerprint.py       its huella
    links.py             its place in the chain
    lifecycle.py         what is held of its invoice
    query.py         which of the held records a query asks for
    answers.py       what is sent back
    texts.py         the sentence of each code
    ledger.py        the SQLite file
    world.py         the part of it that one submission is judged by
    report.py        the ledger as whoever tests a sender wants to see it
    folder.py        its directory, shared by processes
"""

from verifactu.simulator.simulator import Simulator

__all__ = ["Simulator"]
