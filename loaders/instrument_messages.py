"""What can be wrong with the tables of an instrument, in words that say what to do (nl and en)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from loaders import Finding

# code → Dutch, English; {…} are filled from the place and the words given to `fault`.
_FORM = {
    "table-missing": (
        "De tabel {file} ontbreekt. Een instrument heeft minstens themes.csv, questions.csv, "
        "schemes.csv, theme-weights.csv en item-weights.csv.",
        "Table {file} is missing. An instrument has at least themes.csv, questions.csv, "
        "schemes.csv, theme-weights.csv and item-weights.csv.",
    ),
    "bundled-table": (
        "Er is geen {file}; de meegeleverde tabel wordt gebruikt.",
        "There is no {file}; the bundled table is used.",
    ),
    "unknown-table": (
        "{file} hoort niet bij een instrument en is niet gelezen. Gekende tabellen: {expected}.",
        "{file} is no part of an instrument and was not read. Known tables: {expected}.",
    ),
    "too-big": (
        "{file} is groter dan {limit} bytes en is niet gelezen.",
        "{file} is larger than {limit} bytes and was not read.",
    ),
    "not-utf8": (
        "{file}, regel {line}: geen UTF-8. Bewaar het bestand als 'CSV UTF-8'.",
        "{file}, line {line}: not UTF-8. Save the file as 'CSV UTF-8'.",
    ),
    "csv-form": (
        "{file}, vanaf regel {line}: geen geldige CSV ({why}). Kijk de aanhalingstekens na.",
        "{file}, from line {line}: no valid CSV ({why}). Check the quotes.",
    ),
    "empty-table": (
        "{file} is leeg. Zet op de eerste regel de kolomnamen.",
        "{file} is empty. Put the column names on the first line.",
    ),
    "missing-column": (
        "{file}: de kolom '{column}' ontbreekt. Verwachte kolommen: {expected}.",
        "{file}: column '{column}' is missing. Expected columns: {expected}.",
    ),
    "double-column": (
        "{file}: de kolom '{column}' staat er meer dan eens. Behoud er één.",
        "{file}: column '{column}' is there more than once. Keep one.",
    ),
    "unknown-column": (
        "{file}: de kolom '{column}' is niet gekend en niet gelezen. Gekend: {expected}.",
        "{file}: column '{column}' is not known and was not read. Known: {expected}.",
    ),
    "row-width": (
        "{file}, regel {line}: {found} cellen in plaats van {expected}. Zet een cel met het "
        "scheidingsteken erin tussen aanhalingstekens.",
        "{file}, line {line}: {found} cells instead of {expected}. Put a cell that holds the "
        "separator between quotes.",
    ),
    "cell-missing": (
        "{file}, regel {line}: de cel '{column}' is leeg. Vul ze in.",
        "{file}, line {line}: cell '{column}' is blank. Fill it in.",
    ),
    "number-form": (
        "{file}, regel {line}, {column}: '{value}' is geen getal. Schrijf cijfers, met een "
        "punt voor de decimalen (hoogstens zes), bijvoorbeeld 12.5.",
        "{file}, line {line}, {column}: '{value}' is no number. Write digits, with a point "
        "before the decimals (at most six), for instance 12.5.",
    ),
    "number-range": (
        "{file}, regel {line}, {column}: {value} ligt niet tussen {lowest} en {highest}.",
        "{file}, line {line}, {column}: {value} is not between {lowest} and {highest}.",
    ),
    "truth-form": (
        "{file}, regel {line}, {column}: schrijf true of false in plaats van '{value}'.",
        "{file}, line {line}, {column}: write true or false instead of '{value}'.",
    ),
    "letters-form": (
        "{file}, regel {line}, {column}: '{value}' mag enkel de letters A, B en C bevatten "
        "(de types van vragenlijst).",
        "{file}, line {line}, {column}: '{value}' may hold only the letters A, B and C (the "
        "types of questionnaire).",
    ),
    "date-form": (
        "{file}, regel {line}, {column}: '{value}' is geen bestaande dag (JJJJ-MM-DD).",
        "{file}, line {line}, {column}: '{value}' is no existing day (YYYY-MM-DD).",
    ),
    "code-form": (
        "{file}, regel {line}, {column}: '{value}' is geen bruikbare code. Gebruik letters "
        "zonder accent, cijfers, - en _ ; de code komt in een webadres.",
        "{file}, line {line}, {column}: '{value}' is no usable code. Use letters without "
        "accents, digits, - and _ ; the code becomes part of a web address.",
    ),
    "code-twice": (
        "{file}, regel {line}: '{value}' staat al op regel {first}. Behoud één rij.",
        "{file}, line {line}: '{value}' is already on line {first}. Keep one row.",
    ),
}
_SENSE = {
    "unknown-reference": (
        "{file}, regel {line}, {column}: '{value}' staat niet in {table}.csv. Gekend: {options}.",
        "{file}, line {line}, {column}: '{value}' is not in {table}.csv. Known: {options}.",
    ),
    "unknown-theme": (
        "{file}, regel {line}: het thema '{value}' staat niet in themes.csv. Gekend: {options}.",
        "{file}, line {line}: theme '{value}' is not in themes.csv. Known: {options}.",
    ),
    "unknown-scale": (
        "{file}, regel {line}: de schaal '{value}' staat niet in scales.csv. Gekend: {options}.",
        "{file}, line {line}: scale '{value}' is not in scales.csv. Known: {options}.",
    ),
    "unknown-question": (
        "{file}, regel {line}: de vraag '{value}' staat niet in questions.csv. Gekend: {options}.",
        "{file}, line {line}: question '{value}' is not in questions.csv. Known: {options}.",
    ),
    "unknown-scheme": (
        "{file}, regel {line}: het scoreschema '{value}' staat niet in schemes.csv. Gekend: "
        "{options}.",
        "{file}, line {line}: scoring scheme '{value}' is not in schemes.csv. Known: {options}.",
    ),
    "scheme-base": (
        "{file}, regel {line}: scoreschema '{value}', waarop dit schema steunt, staat op geen "
        "eerdere regel. Zet het erboven. Daar staan: {options}.",
        "{file}, line {line}: scoring scheme '{value}', which this scheme is based on, is on no "
        "earlier line. Put it above. There are: {options}.",
    ),
    "unknown-value": (
        "{file}, regel {line}, {column}: '{value}' is niet gekend. Kies uit: {options}.",
        "{file}, line {line}, {column}: '{value}' is not known. Choose one of: {options}.",
    ),
    "reserved-code": (
        "{file}, regel {line}: de code '{value}' heeft al een vaste betekenis. Kies een andere.",
        "{file}, line {line}: code '{value}' already has a fixed meaning. Choose another one.",
    ),
    "weight-zero": (
        "{file}, regel {line}: het gewicht van {value} moet groter zijn dan 0.",
        "{file}, line {line}: the weight of {value} must be greater than 0.",
    ),
    "theme-sum": (
        "{file}: de gewichten van thema {value} in scoreschema {scheme} tellen op tot {sum} "
        "in plaats van 100. Pas ze aan.",
        "{file}: the weights of theme {value} in scoring scheme {scheme} add up to {sum} "
        "instead of 100. Change them.",
    ),
    "theme-weight-missing": (
        "{file}: thema {value} heeft vragen met een gewicht in scoreschema {scheme}, maar "
        "zelf geen gewicht. Voeg een rij toe.",
        "{file}: theme {value} has questions with a weight in scoring scheme {scheme}, but no "
        "weight itself. Add a row.",
    ),
    "question-weight-missing": (
        "De vraag {value} heeft geen gewicht in scoreschema {scheme} en telt daar niet mee.",
        "Question {value} has no weight in scoring scheme {scheme} and does not count there.",
    ),
    "core-missing": (
        "{file}: scoreschema {scheme} heeft geen kernthema, dus geen totaalscore. Zet 'core' "
        "op true voor de thema's die meetellen.",
        "{file}: scoring scheme {scheme} has no core theme, so no overall score. Set 'core' "
        "to true for the themes that count.",
    ),
    "score-missing": (
        "{file}, regel {line}: waarde {value} heeft geen score. Geef een getal van 0 tot 100.",
        "{file}, line {line}: value {value} has no score. Give a number from 0 to 100.",
    ),
    "scale-empty": (
        "{file}, regel {line}: schaal {value} heeft geen waarden, en een vraag met één keuze "
        "heeft er nodig. Voeg ze toe aan scales.csv.",
        "{file}, line {line}: scale {value} has no values, and a single-choice question needs "
        "them. Add them to scales.csv.",
    ),
    "options-missing": (
        "{file}, regel {line}: de meerkeuzevraag {value} heeft geen opties. Voeg ze toe aan "
        "options.csv.",
        "{file}, line {line}: checklist question {value} has no options. Add them to options.csv.",
    ),
    "options-unused": (
        "{file}, regel {line}: {value} is geen meerkeuzevraag en heeft dus geen eigen opties. "
        "Zet 'method' op meerkeuze of laat de rij weg.",
        "{file}, line {line}: {value} is no checklist question and so has no options of its "
        "own. Set 'method' to meerkeuze or leave the row out.",
    ),
    "products-missing": (
        "{file}, regel {line}: de module {value} heeft geen producten. Voeg ze toe aan "
        "products.csv.",
        "{file}, line {line}: module {value} has no products. Add them to products.csv.",
    ),
    "products-unused": (
        "{file}, regel {line}: {value} is geen module. Zet 'method' op module of laat de rij weg.",
        "{file}, line {line}: {value} is no module. Set 'method' to module or leave the row out.",
    ),
    "type-bounds": (
        "{file}, regel {line}: de types van {value} sluiten niet op elkaar aan: elk type "
        "begint waar het vorige eindigt, het eerste bij 0, en enkel het laatste heeft geen "
        "bovengrens.",
        "{file}, line {line}: the types of {value} do not join up: each begins where the one "
        "before ends, the first at 0, and only the last has no upper bound.",
    ),
    "whole-number": (
        "{file}, regel {line}, {column}: {value} moet een geheel getal zijn.",
        "{file}, line {line}, {column}: {value} must be a whole number.",
    ),
    "advice-condition": (
        "{file}, regel {line}: zeg wanneer aanbeveling '{value}' geldt: voor een type ('type'), "
        "een poort ('gate') of een score ('lower' en 'upper').",
        "{file}, line {line}: say when recommendation '{value}' holds: for a type ('type'), a gate "
        "('gate') or a score ('lower' and 'upper').",
    ),
    "advice-band": (
        "{file}, regel {line}: aanbeveling '{value}' heeft geen bruikbare grenzen. Vul 'lower' en "
        "'upper' beide in, de eerste kleiner dan de tweede, of geen van beide.",
        "{file}, line {line}: recommendation '{value}' has no usable bounds. Fill in both 'lower' "
        "and 'upper', the first below the second, or neither.",
    ),
    "advice-theme": (
        "{file}, regel {line}: de poort gaat over thema {value}. Vul dat thema in of laat de cel "
        "leeg.",
        "{file}, line {line}: the gate is about theme {value}. Fill in that theme or leave the "
        "cell blank.",
    ),
    "advice-gap": (
        "{file}: voor een score van {lowest} tot {highest} op {value} is er geen aanbeveling.",
        "{file}: there is no recommendation for a score from {lowest} to {highest} on {value}.",
    ),
    "source-incomplete": (
        "{file}, regel {line}: geef bij bron '{value}' minstens één gebied ('areas') en de "
        "types ('applies_to').",
        "{file}, line {line}: give source '{value}' at least one area ('areas') and the types "
        "('applies_to').",
    ),
}
MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType({**_FORM, **_SENSE})


def fault(
    code: str,
    file: str,
    line: int | None = None,
    column: str | None = None,
    value: str | None = None,
    severity: str = "violation",
    **words: object,
) -> Finding:
    """Return the finding of a code at a place; ``words`` fill what else the message names.

    Raises:
        KeyError: the code, or a word of its message, is not there.
    """
    dutch, english = MESSAGES[code]
    shown = {"file": file, "line": line, "column": column, "value": value, **words}
    return Finding(
        code=code,
        message_nl=dutch.format(**shown),
        message_en=english.format(**shown),
        file=file,
        line=line,
        column=column,
        value=value,
        severity=severity,
    )
