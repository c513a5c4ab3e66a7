"""Where a figure comes from: what it follows from, in words and numbers, and is it still so?

An explanation brings together what the release says of an observation, what it is computed from,
and the same figure computed again from the archive. It is for the operator, who may see answers:
nothing of it is served, and personal data are in no place that it reads.
"""
