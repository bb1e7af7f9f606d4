"""The demonstration: a shop's morning, posted as real signed deliveries to a real installation."""
