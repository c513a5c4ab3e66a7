"""What goes wrong in a table of results, indicators, levels or waves, in words that say what to do.

Code → severity, Dutch, English; ``{…}`` are filled by `loaders.findings.finding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS: dict[str, tuple[str, str, str]] = {
    "unknown-indicator": (
        "violation",
        "De indicator '{name}' staat niet in de tabel van indicatoren. Gekend: {options}.",
        "Indicator '{name}' is not in the table of indicators. Known: {options}.",
    ),
    "indicator-form": (
        "violation",
        "De code van een indicator bestaat uit letters, cijfers, - of _ (hoogstens 32 tekens).",
        "The code of an indicator consists of letters, digits, - or _ (at most 32 characters).",
    ),
    "indicator-twice": (
        "violation",
        "De indicator '{name}' staat al op regel {first}. Behoud één rij.",
        "Indicator '{name}' is already on line {first}. Keep one row.",
    ),
    "cell-missing": (
        "violation",
        "Deze cel mag niet leeg zijn.",
        "This cell may not be blank.",
    ),
    "percentage-form": (
        "violation",
        "Dit is geen percentage. Schrijf een getal van 0 tot 100, bijvoorbeeld 14,25.",
        "This is no percentage. Write a number from 0 to 100, for instance 14.25.",
    ),
    "percentage-range": (
        "violation",
        "Een percentage ligt tussen 0 en 100.",
        "A percentage lies between 0 and 100.",
    ),
    "level-range": (
        "violation",
        "Een niveau is een geheel getal van 1 tot 5.",
        "A level is a whole number from 1 to 5.",
    ),
    "source-form": (
        "violation",
        "Geef de bron als webadres (https://…) of als code van een gekend document, bijvoorbeeld "
        "D1.",
        "Give the source as a web address (https://…) or as the code of a known document, for "
        "instance D1.",
    ),
    "result-twice": (
        "violation",
        "Dit resultaat (bestuur, golf, indicator) staat al op regel {first}. Behoud één rij.",
        "This result (body, wave, indicator) is already on line {first}. Keep one row.",
    ),
    "result-differs": (
        "violation",
        "Voor dit bestuur, deze golf en deze indicator is al een ander resultaat aanvaard. Zet "
        "'ja' in de kolom 'vervangt' als dit een verbetering is.",
        "Another result was already accepted for this body, wave and indicator. Put 'ja' in column "
        "'vervangt' if this is a correction.",
    ),
    "year-form": (
        "violation",
        "Schrijf het jaar met vier cijfers, bijvoorbeeld 2016.",
        "Write the year with four digits, for instance 2016.",
    ),
    "scheme-form": (
        "violation",
        "De versie van een scoreschema bestaat uit letters, cijfers, . - of _, bijvoorbeeld 1.0.",
        "The version of a scoring scheme consists of letters, digits, . - or _, for instance 1.0.",
    ),
    "wave-twice": (
        "violation",
        "De golf {name} staat al op regel {first}. Behoud één rij.",
        "Wave {name} is already on line {first}. Keep one row.",
    ),
    "unknown-code": (
        "violation",
        "De code '{name}' is niet gekend. Kies uit: {options}.",
        "Code '{name}' is not known. Choose one of: {options}.",
    ),
    "product-of-other-class": (
        "violation",
        "Het product '{name}' wordt niet aangeboden door besturen van deze klasse.",
        "Product '{name}' is not offered by bodies of this class.",
    ),
    "assessment-twice": (
        "violation",
        "Deze beoordeling (bestuur, golf, product, criterium) staat al op regel {first}. Behoud "
        "één rij.",
        "This assessment (body, wave, product, criterion) is already on line {first}. Keep one "
        "row.",
    ),
    "assessment-differs": (
        "violation",
        "Er is al een andere beoordeling aanvaard. Zet 'ja' in de kolom 'vervangt' om ze te "
        "verbeteren.",
        "Another assessment was accepted before. Put 'ja' in the column 'vervangt' to correct it.",
    ),
    "yes-form": (
        "violation",
        "Laat '{cell}' leeg of schrijf 'ja'.",
        "Leave '{cell}' blank or write 'ja'.",
    ),
    "indicators-missing": (
        "violation",
        "Er is geen (geldige) tabel van indicatoren. Stuur ze samen met de resultaten.",
        "There is no (valid) table of indicators. Send it together with the results.",
    ),
}
RESULT: Mapping[str, tuple[str, str, str]] = MappingProxyType(_WORDS)
