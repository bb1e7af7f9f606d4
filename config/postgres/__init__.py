"""The database floor: Django's backend, the addresses of the two roles, and the embedded server behind them.

    urls.py      DATABASE_URL, or its absence, as Django settings of either role
    base.py      Django's PostgreSQL backend, which starts the embedded server before its first connection
    owner.py     one connection, for a while in the hands of the owner
    server.py    the embedded server: made, started, joined, stopped
    keeper.py    the small process that stops it when its last user is gone
    place.py     where its files lie, and the locks among them
    binaries.py  which PostgreSQL programs run, and as whom

This module imports nothing: the keeper lives beside Django, not in it.
"""
