"""What is forgotten, when, and on whose word (decisions/0021-what-is-forgotten.md)."""
