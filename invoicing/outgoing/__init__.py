"""Telling a company's own systems what happens to its orders and invoices (docs/decisions/0022-events.md).

happening   what is told, and the body of it
emitting    a row per event and per endpoint, and the start of its sending, in the commit of what happened
sending     the workflow that posts one event to one endpoint until it is taken or given up
posting     the request: signed, bounded in time, and never into the house's own network
endpoints   making, changing and trying an endpoint; sending anew
"""
