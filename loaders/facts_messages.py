"""What goes wrong in our own tables, in RDF from others and in register dumps: one entry a code.

The words say what was found and what to do or what was done about it, in Dutch and English.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from loaders import Finding
from loaders.findings import Place, shown, worded

# code → severity, Dutch, English; {…} are filled from the arguments of `finding`.
_RDF: dict[str, tuple[str, str, str]] = {
    "rdf-syntax": (
        "violation",
        "Dit is geen geldige RDF op regel {line}, kolom {column}. De lezer zegt: {reason}.",
        "This is no valid RDF on line {line}, column {column}. The parser says: {reason}.",
    ),
    "rdf-relative": (
        "violation",
        "De IRI op regel {line}, kolom {column} is relatief. Schrijf hem voluit (https://…) of zet "
        "bovenaan een @base.",
        "The IRI on line {line}, column {column} is relative. Write it in full (https://…) or put "
        "an @base at the top.",
    ),
    "rdf-not-utf8": (
        "violation",
        "Regel {line}, kolom {column} is geen UTF-8 (waarschijnlijk Latin-1 of Windows-1252). "
        "Bewaar het bestand als UTF-8 en stuur het opnieuw.",
        "Line {line}, column {column} is not UTF-8 (probably Latin-1 or Windows-1252). Save the "
        "file as UTF-8 and send it again.",
    ),
    "rdf-line-too-long": (
        "violation",
        "Regel {line} is langer dan {limit} bytes en het bestand is niet gelezen. Schrijf elke "
        "uitspraak op een eigen regel.",
        "Line {line} is longer than {limit} bytes and the file was not read. Write each statement "
        "on a line of its own.",
    ),
    "rdf-blank-node": (
        "violation",
        "Een blanco knoop (bij {near}) heeft geen blijvende naam en wordt geweigerd. Geef hem een "
        "IRI.",
        "A blank node (at {near}) has no lasting name and is refused. Give it an IRI.",
    ),
    "rdf-iri": (
        "violation",
        "Deze IRI (bij {near}) is geen absolute http(s)-, mailto- of urn-IRI. Andere schema's, "
        "zoals javascript:, data: en file:, worden geweigerd omdat IRI's op pagina's links worden.",
        "This IRI (at {near}) is no absolute http(s), mailto or urn IRI. Other schemes, such as "
        "javascript:, data: and file:, are refused because IRIs become links on pages.",
    ),
    "rdf-triple-term": (
        "violation",
        "Een uitspraak over een uitspraak (triple term, bij {near}) wordt niet gelezen. Laat ze "
        "weg.",
        "A statement about a statement (triple term, at {near}) is not read. Leave it out.",
    ),
    "rdf-too-many": (
        "violation",
        "Na {limit} geweigerde uitspraken is het bestand niet verder gelezen. Verbeter eerst deze.",
        "After {limit} refused statements the file was not read further. Mend these first.",
    ),
}
_TABLES: dict[str, tuple[str, str, str]] = {
    "unknown-table": (
        "violation",
        "Er is geen tabel met deze bestandsnaam. Gekende tabellen: {expected}.",
        "There is no table of this file name. Known tables: {expected}.",
    ),
    "fact-iri": (
        "violation",
        "Dit is geen absolute http(s)-IRI.",
        "This is no absolute http(s) IRI.",
    ),
    "fact-kbo": (
        "violation",
        "Dit is geen KBO-nummer: het heeft tien cijfers, en de laatste twee zijn 97 min de rest "
        "van de eerste acht gedeeld door 97.",
        "This is no KBO number: it has ten digits, and the last two are 97 minus the remainder of "
        "the first eight divided by 97.",
    ),
    "fact-ovo": (
        "violation",
        "Dit is geen OVO-code (OVO en zes cijfers).",
        "This is no OVO code (OVO and six digits).",
    ),
    "fact-nis": (
        "violation",
        "Dit is geen NIS-code van een Vlaamse gemeente (vijf cijfers, provincie 1, 23, 24, 3, 4 of "
        "7).",
        "This is no NIS code of a Flemish municipality (five digits, province 1, 23, 24, 3, 4 or "
        "7).",
    ),
    "fact-choice": (
        "violation",
        "Kies een van: {options}.",
        "Choose one of: {options}.",
    ),
    "fact-date": (
        "violation",
        "Geef een bestaande datum als JJJJ-MM-DD.",
        "Give an existing date as YYYY-MM-DD.",
    ),
    "fact-number": (
        "violation",
        "Dit is geen getal van {low} tot {high}.",
        "This is no number from {low} to {high}.",
    ),
    "fact-empty": (
        "violation",
        "Deze cel mag niet leeg zijn.",
        "This cell may not be blank.",
    ),
    "fact-twice": (
        "violation",
        "Dit staat al op regel {first}. Behoud één rij.",
        "This is already on line {first}. Keep one row.",
    ),
    "fact-unknown": (
        "violation",
        "'{name}' staat niet in de tabel {table}.",
        "'{name}' is not in the table {table}.",
    ),
    "fact-counterpart": (
        "violation",
        "De tegenhanger is er niet, is van dezelfde klasse of wijst niet terug.",
        "The counterpart is not there, is of the same class or does not point back.",
    ),
    "fact-reversed": (
        "violation",
        "De laatste dag ligt vóór de eerste.",
        "The last day lies before the first.",
    ),
    "fact-overlap": (
        "violation",
        "Deze toestand overlapt met die op regel {first}: op één dag heeft een bestuur één "
        "toestand.",
        "This state overlaps with the one on line {first}: a body has one state on one day.",
    ),
    "fact-province": (
        "violation",
        "NIS-code {name} ligt in {expected}. Kijk de provincie na.",
        "NIS code {name} lies in {expected}. Check the province.",
    ),
    "fact-merger": (
        "violation",
        "Op de dag van deze fusie is er voor {name} geen toestand die eindigt of begint.",
        "On the day of this merger there is no state of {name} that ends or begins.",
    ),
}
_LBLOD: dict[str, tuple[str, str, str]] = {
    "lblod-kbo": (
        "warning",
        "{name}: het controlegetal van dit KBO-nummer klopt niet. Het bestuur is niet overgenomen.",
        "{name}: the check digits of this KBO number are wrong. The body was not taken over.",
    ),
    "lblod-double-kbo": (
        "warning",
        "{name} heeft hetzelfde KBO-nummer als {other}. Het tweede is niet overgenomen.",
        "{name} has the same KBO number as {other}. The second was not taken over.",
    ),
    "lblod-double-value": (
        "warning",
        "{name} heeft meer dan één waarde voor {field}. De eerste in alfabetische volgorde is "
        "gebruikt.",
        "{name} has more than one value for {field}. The first in alphabetical order was used.",
    ),
    "lblod-no-class": (
        "warning",
        "{name} heeft geen classificatie (besluit:classificatie) en is niet overgenomen.",
        "{name} has no classification (besluit:classificatie) and was not taken over.",
    ),
    "lblod-no-type": (
        "warning",
        "{name} heeft een classificatie maar geen type besluit:Bestuurseenheid. Het is gelezen als "
        "bestuur.",
        "{name} has a classification but no type besluit:Bestuurseenheid. It was read as a body.",
    ),
    "lblod-no-identifier": (
        "warning",
        "{name} heeft geen {field} en is niet overgenomen.",
        "{name} has no {field} and was not taken over.",
    ),
    "lblod-suffix": (
        "warning",
        "De naam '{name}' heeft een toevoeging tussen haakjes. Die hoort niet bij de naam: de "
        "geldigheid staat in de toestand van het bestuur. Gebruikt: '{expected}'.",
        "The name '{name}' has an addition in brackets. That is no part of the name: validity "
        "stands in the state of the body. Used: '{expected}'.",
    ),
    "lblod-name": (
        "warning",
        "De naam '{name}' komt in onze tabellen niet voor bij dit bestuur ({expected}). Onze naam "
        "blijft.",
        "The name '{name}' does not occur for this body in our tables ({expected}). Our name "
        "stands.",
    ),
    "lblod-identifier": (
        "warning",
        "{name}: {field} verschilt van onze tabel ({expected}). Onze waarde blijft.",
        "{name}: {field} differs from our table ({expected}). Our value stands.",
    ),
    "lblod-class": (
        "warning",
        "{name}: de klasse verschilt van onze tabel ({expected}). Onze waarde blijft.",
        "{name}: the class differs from our table ({expected}). Our value stands.",
    ),
    "lblod-province": (
        "warning",
        "{name} hangt aan het werkingsgebied van de provincie {found}, maar ligt in {expected}. "
        "Onze provincie blijft.",
        "{name} is linked to the working area of the province {found}, but lies in {expected}. Our "
        "province stands.",
    ),
    "lblod-predecessor": (
        "warning",
        "{name} zou voortkomen uit {found}, maar dat bestuur ging op in {expected}. De band is "
        "daar gelegd.",
        "{name} is said to derive from {found}, but that body went into {expected}. The link was "
        "put there.",
    ),
    "lblod-predecessor-unknown": (
        "warning",
        "{name} zou voortkomen uit {found}, maar zo'n fusie staat niet in onze tabel. De band is "
        "niet overgenomen.",
        "{name} is said to derive from {found}, but there is no such merger in our table. The link "
        "was not taken over.",
    ),
    "lblod-no-area": (
        "warning",
        "{name} heeft geen werkingsgebied. Dat van de tegenhanger geldt.",
        "{name} has no working area. That of the counterpart holds.",
    ),
    "lblod-new": (
        "warning",
        "{name} staat niet in onze tabellen. Het bestuur is overgenomen zonder toestand: vul "
        "bodies.csv en states.csv aan met NIS-code en geldigheid.",
        "{name} is not in our tables. The body was taken over without a state: complete bodies.csv "
        "and states.csv with its NIS code and validity.",
    ),
    "lblod-others": (
        "info",
        "{count} bestuurseenheden zijn geen gemeente of OCMW en zijn niet overgenomen.",
        "{count} administrative units are no gemeente or OCMW and were not taken over.",
    ),
    "lblod-absent": (
        "info",
        "{count} van onze {total} besturen staan niet in dit bestand.",
        "{count} of our {total} bodies are not in this file.",
    ),
    "lblod-empty": (
        "violation",
        "In dit bestand staat geen enkele gemeente en geen enkel OCMW.",
        "There is no gemeente and no OCMW in this file.",
    ),
}
MESSAGES: Mapping[str, tuple[str, str, str]] = MappingProxyType({**_RDF, **_TABLES, **_LBLOD})


def finding(code: str, place: Place, **words: object) -> Finding:
    """Return the finding of a code at a place; ``words`` fill the message.

    Raises:
        KeyError: a code, or a word of its message, is not there.
    """
    known = {name: shown(str(word)) for name, word in words.items()}
    known |= {"line": str(place.line), "column": str(place.column)}
    return worded(code, MESSAGES[code], place, known)
