"""The front: what a client talks to. Cache, SPARQL, admission; Flask is mounted behind it."""
