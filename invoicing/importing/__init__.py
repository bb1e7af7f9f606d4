"""Orders from a file (`manage.py import_orders`): its documents, what they come to, and taking them in."""
