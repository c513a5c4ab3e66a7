"""The facade: pages, REST, catalogue, downloads. Thin: arguments in, stored query, bytes out."""
