"""What holds for any sequence: orders lived at random, told in any order, twice or late, and judged in between."""
