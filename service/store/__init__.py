"""The store port: one query in, one whole answer out, whatever engine stands behind it."""
