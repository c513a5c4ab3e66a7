"""Identifiers of Flemish public bodies: KBO number, OVO code and NIS code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_KBO = re.compile(r"[0-9]{10}")
_OVO = re.compile(r"OVO[0-9]{6}")
_NIS = re.compile(r"[0-9]{5}")
_SEPARATORS = re.compile(r"[\s.\-/]")

# First digit of a NIS code → province concept below imc:provincie/. Digit 2 holds Vlaams-Brabant
# (districts 23 and 24) beside Brussels (21) and Waals-Brabant (25).
PROVINCES: Mapping[str, str] = MappingProxyType(
    {
        "1": "antwerpen",
        "23": "vlaams-brabant",
        "24": "vlaams-brabant",
        "3": "west-vlaanderen",
        "4": "oost-vlaanderen",
        "7": "limburg",
    }
)


def kbo(text: str) -> str:
    """Return a KBO number as ten digits; dots, spaces, ``BE`` and a missing first 0 are forgiven.

    The last two digits are 97 minus the remainder of the first eight divided by 97.

    Raises:
        ValueError: no ten digits, or the check digits are wrong.
    """
    digits = _SEPARATORS.sub("", text.strip().upper().removeprefix("BE"))
    if len(digits) == 9:
        digits = "0" + digits
    if not (digits.isascii() and _KBO.fullmatch(digits)):
        raise ValueError(f"a KBO number has ten digits: {text[:40]!r}")
    if 97 - int(digits[:8]) % 97 != int(digits[8:]):
        raise ValueError(f"the check digits of this KBO number are wrong: {text[:40]!r}")
    return digits


def ovo(text: str) -> str:
    """Return an OVO code as ``OVO`` and six digits.

    Raises:
        ValueError: it has another form.
    """
    code = _SEPARATORS.sub("", text.upper())
    if not (code.isascii() and _OVO.fullmatch(code)):
        raise ValueError(f"an OVO code is OVO and six digits: {text[:40]!r}")
    return code


def nis(text: str) -> str:
    """Return a NIS code of a municipality as five digits.

    Raises:
        ValueError: it has another form.
    """
    code = text.strip()
    if not (code.isascii() and _NIS.fullmatch(code)):
        raise ValueError(f"a NIS code has five digits: {text[:40]!r}")
    return code


def province_of(code: str) -> str | None:
    """Return the province in which a NIS code lies, or None outside Flanders."""
    return PROVINCES.get(code[:1]) or PROVINCES.get(code[:2])
