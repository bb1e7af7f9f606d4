"""How asking a shop fails: what may be better later, and what somebody must put right.

No message holds a credential.
"""

from workflows.errors import Abort, Transient


class ShopUnavailable(Transient):
    """The shop did not answer as it should; it is asked again.

    `code`: dns, tls, connection, timeout, cut, throttled, server.
    """

    def __init__(self, message: str, *, code: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, status=status, retry_after=retry_after)
        self.code = code


class ShopRefused(Abort):
    """The shop's answer will be the same next time: put the connection's address, credentials or their rights right.

    `code`: address, unauthorised, forbidden, not_found, moved, unexpected, credentials.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code
