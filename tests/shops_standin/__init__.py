"""Stand-in shops: the APIs of the platforms over HTTP, with paging, limits and failures, and webhooks that get lost."""
