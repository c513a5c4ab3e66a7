"""What goes wrong in a file as a whole, in words that say what to do.

Code → severity, Dutch, English; ``{…}`` are filled by `loaders.findings.finding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS: dict[str, tuple[str, str, str]] = {
    "empty-file": (
        "violation",
        "Het bestand is leeg. Stuur de tabel met een rij kolomnamen en minstens één rij.",
        "The file is empty. Send the table with a row of column names and at least one row.",
    ),
    "not-utf8": (
        "violation",
        "Byte {byte} van regel {line} is geen UTF-8 (waarschijnlijk Latin-1 of Windows-1252). "
        "Bewaar het bestand in Excel als 'CSV UTF-8 (door komma's gescheiden)' of kies in "
        "LibreOffice tekenset 'Unicode (UTF-8)', en stuur het opnieuw.",
        "Byte {byte} of line {line} is not UTF-8 (probably Latin-1 or Windows-1252). Save the file "
        "in Excel as 'CSV UTF-8 (Comma delimited)' or choose character set 'Unicode (UTF-8)' in "
        "LibreOffice, and send it again.",
    ),
    "not-text": (
        "violation",
        "Regel {line} bevat een nulbyte: dit is geen tekstbestand in UTF-8 (misschien UTF-16). "
        "Bewaar het als CSV UTF-8 of als .xlsx.",
        "Line {line} holds a NUL byte: this is no UTF-8 text file (perhaps UTF-16). Save it as CSV "
        "UTF-8 or as .xlsx.",
    ),
    "line-too-long": (
        "violation",
        "Regel {line} is langer dan {limit} bytes en is niet verder gelezen. Controleer of elke "
        "rij op een eigen regel staat.",
        "Line {line} is longer than {limit} bytes and was not read further. Check that each row "
        "is on a line of its own.",
    ),
    "line-ends": (
        "violation",
        "Regel {line} bevat een los regeleinde (CR). Bewaar het bestand met regeleinden LF of "
        "CRLF.",
        "Line {line} holds a bare carriage return. Save the file with LF or CRLF line ends.",
    ),
    "quotes": (
        "violation",
        'De aanhalingstekens op regel {line} kloppen niet: een cel die met " begint, moet met " '
        'eindigen, en een " in de cel wordt verdubbeld ("").',
        'The quotes on line {line} do not match: a cell that begins with " must end with ", and '
        'a " inside the cell is doubled ("").',
    ),
    "missing-column": (
        "violation",
        "De kolom '{name}' ontbreekt. Verwachte kolommen: {expected}.",
        "Column '{name}' is missing. Expected columns: {expected}.",
    ),
    "double-column": (
        "violation",
        "De kolom '{name}' staat er meer dan eens. Behoud er één.",
        "Column '{name}' is there more than once. Keep one.",
    ),
    "unknown-column": (
        "violation",
        "Kolom {letter} is niet gekend. Verwijder of hernoem ze: wat niet gevraagd is, wordt niet "
        "bewaard. Gekende kolommen: {expected}.",
        "Column {letter} is not known. Remove or rename it: what was not asked for is not kept. "
        "Known columns: {expected}.",
    ),
    "row-width": (
        "violation",
        "De rij heeft {found} cellen in plaats van {expected}. Controleer het scheidingsteken en "
        "zet een cel met het scheidingsteken erin tussen aanhalingstekens.",
        "The row has {found} cells instead of {expected}. Check the separator, and put a cell that "
        "holds the separator between quotes.",
    ),
    "formula": (
        "violation",
        "De cel bevat een formule of begint als een formule (=, +, -, @ of een tab). Plak de "
        "waarde als tekst ('plakken speciaal, waarden').",
        "The cell holds a formula or begins like one (=, +, -, @ or a tab). Paste the value as "
        "text ('paste special, values').",
    ),
    "cell-too-long": (
        "violation",
        "De cel is langer dan {limit} tekens. Kort ze in.",
        "The cell is longer than {limit} characters. Shorten it.",
    ),
    "old-workbook": (
        "violation",
        "Dit is een oud Excel-bestand (.xls) of een werkmap met een wachtwoord. Bewaar het als "
        ".xlsx zonder wachtwoord.",
        "This is an old Excel file (.xls) or a workbook with a password. Save it as .xlsx without "
        "a password.",
    ),
    "not-a-workbook": (
        "violation",
        "Het bestand heet .xlsx of is een zip, maar is geen leesbare Excel-werkmap. Open het in "
        "Excel of LibreOffice en bewaar het opnieuw als .xlsx.",
        "The file is called .xlsx or is a zip, but is no readable Excel workbook. Open it in Excel "
        "or LibreOffice and save it again as .xlsx.",
    ),
    "workbook-too-big": (
        "violation",
        "De werkmap is niet geopend: uitgepakt is ze te groot of te sterk samengeperst ({why}). "
        "Stuur enkel het blad met de tabel, of stuur CSV.",
        "The workbook was not opened: unpacked it is too big or too strongly compressed ({why}). "
        "Send only the sheet with the table, or send CSV.",
    ),
    "more-findings": (
        "violation",
        "Er zijn nog {count} meldingen die hier niet getoond worden. Verbeter eerst deze.",
        "There are {count} more findings that are not shown here. Mend these first.",
    ),
}
TABLE: Mapping[str, tuple[str, str, str]] = MappingProxyType(_WORDS)
