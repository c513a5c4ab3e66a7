"""Matching names in somebody's table with bodies, questions and products.

The parts of the W3C Reconciliation Service API (draft 0.2) that need no web server: what there is
to match (`entities`), how alike two names are (`names`), and what a query gets (`matching`).
"""
