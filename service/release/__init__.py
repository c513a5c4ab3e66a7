"""From accepted documents to finished releases: archive, derivation, publish, rebuild."""
