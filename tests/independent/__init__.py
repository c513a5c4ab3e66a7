"""The published figures worked out once more, from the specification and the tables alone.

Nothing here imports the project: the tables are read as CSV, the release as lines of text. What
agrees with it is what the specification says, whatever the code of the project does.
"""
