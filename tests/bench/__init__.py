"""Speed, measured side by side with the engine in one run: ``make bench``.

Figures are CPU seconds of this process; quote ratios, not single times.
"""
