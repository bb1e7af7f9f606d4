"""What is forgotten, when, and on whose word (decisions/0020-what-is-forgotten.md)."""
