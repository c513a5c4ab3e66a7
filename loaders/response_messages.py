"""What goes wrong in a response, in words that say what to do.

Code → severity, Dutch, English; ``{…}`` are filled by `loaders.findings.finding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS: dict[str, tuple[str, str, str]] = {
    "reference-missing": (
        "violation",
        "De kolom 'respons' is leeg op de eerste rij van een respons. Geef elke respons een eigen "
        "kenmerk.",
        "Column 'respons' is blank on the first row of a response. Give each response a reference "
        "of its own.",
    ),
    "reference-form": (
        "violation",
        "Het kenmerk mag enkel letters, cijfers en . _ - / bevatten, hoogstens 64 tekens, en geen "
        "persoonsgegeven zoals een e-mailadres.",
        "The reference may hold only letters, digits and . _ - /, at most 64 characters, and no "
        "personal data such as an e-mail address.",
    ),
    "header-differs": (
        "violation",
        "Deze cel verschilt van de eerste rij van dezelfde respons (regel {first}). Herhaal "
        "dezelfde waarde of laat de cel leeg.",
        "This cell differs from the first row of the same response (line {first}). Repeat the same "
        "value or leave the cell blank.",
    ),
    "not-contiguous": (
        "violation",
        "Rijen van respons '{name}' staan op twee plaatsen (regels {first} en {line}). Zet ze bij "
        "elkaar, of geef de tweede respons een ander kenmerk.",
        "Rows of response '{name}' stand in two places (lines {first} and {line}). Put them "
        "together, or give the second response another reference.",
    ),
    "too-many-rows": (
        "violation",
        "De respons heeft meer dan {limit} rijen. Controleer de kolom 'respons'.",
        "The response has more than {limit} rows. Check column 'respons'.",
    ),
    "unknown-wave": (
        "violation",
        "De golf '{name}' bestaat niet. Gekende golven: {options}.",
        "Wave '{name}' does not exist. Known waves: {options}.",
    ),
    "unknown-questionnaire": (
        "violation",
        "'{name}' is geen vragenlijst. Kies A (gemeente en OCMW samen), B (gemeente) of C (OCMW).",
        "'{name}' is no questionnaire. Choose A (gemeente and OCMW jointly), B (gemeente) or C "
        "(OCMW).",
    ),
    "body-missing": (
        "violation",
        "De kolom 'bestuur' is leeg. Vul het KBO-nummer van het bestuur in.",
        "Column 'bestuur' is blank. Give the KBO number of the body.",
    ),
    "kbo-checksum": (
        "violation",
        "Het controlegetal van dit KBO-nummer klopt niet. Kijk het na op een typefout.",
        "The check digits of this KBO number are wrong. Check it for a typing error.",
    ),
    "unknown-body": (
        "violation",
        "Dit is geen gekende gemeente of gekend OCMW. Geef het KBO-nummer (10 cijfers), de "
        "OVO-code of de IRI van het bestuur.",
        "This is no known gemeente or OCMW. Give the KBO number (10 digits), the OVO code or the "
        "IRI of the body.",
    ),
    "body-not-then": (
        "violation",
        "{name} bestond niet op {date}, de peildatum van de golf. Geef het bestuur dat toen "
        "bestond.",
        "{name} did not exist on {date}, the reference date of the wave. Give the body that "
        "existed then.",
    ),
    "second-body": (
        "violation",
        "Vragenlijst {name} gaat over één bestuur: laat 'bestuur_2' leeg, of gebruik A voor "
        "gemeente en OCMW samen.",
        "Questionnaire {name} is about one body: leave 'bestuur_2' blank, or use A for gemeente "
        "and OCMW jointly.",
    ),
    "second-body-missing": (
        "violation",
        "Vragenlijst A gaat over gemeente en OCMW samen: vul ook 'bestuur_2' in, of gebruik B of "
        "C.",
        "Questionnaire A is about gemeente and OCMW jointly: fill in 'bestuur_2' as well, or use B "
        "or C.",
    ),
    "wrong-class": (
        "violation",
        "Vragenlijst {name} is voor een {expected}, maar dit bestuur is een {found}.",
        "Questionnaire {name} is for a {expected}, but this body is a {found}.",
    ),
    "no-pair": (
        "violation",
        "De twee besturen zijn geen gemeente en OCMW van hetzelfde gebied. Bij {name} hoort "
        "{expected}.",
        "The two bodies are no gemeente and OCMW of the same area. The counterpart of {name} is "
        "{expected}.",
    ),
    "date-missing": (
        "violation",
        "De kolom 'ingediend' is leeg. Geef de datum als JJJJ-MM-DD.",
        "Column 'ingediend' is blank. Give the date as YYYY-MM-DD.",
    ),
    "date-form": (
        "violation",
        "Geef de datum als JJJJ-MM-DD, of met uur als JJJJ-MM-DDTuu:mm:ss.",
        "Give the date as YYYY-MM-DD, or with the time as YYYY-MM-DDThh:mm:ss.",
    ),
    "date-impossible": (
        "violation",
        "Deze datum of dit uur bestaat niet. Kijk jaar, maand, dag en uur na.",
        "This date or time does not exist. Check year, month, day and time.",
    ),
    "submitted-early": (
        "warning",
        "Ingediend vóór de golf geopend werd ({date}). De respons is aanvaard; kijk de datum na.",
        "Submitted before the wave was opened ({date}). The response is accepted; check the date.",
    ),
    "question-missing": (
        "violation",
        "De kolom 'vraag' is leeg terwijl er een antwoord staat. Vul de code van de vraag in.",
        "Column 'vraag' is blank while there is an answer. Fill in the code of the question.",
    ),
    "unknown-question": (
        "violation",
        "De vraag '{name}' bestaat niet.{hint_nl}",
        "There is no question '{name}'.{hint_en}",
    ),
    "module-question": (
        "violation",
        "{name} wordt berekend uit zijn onderdelen en niet zelf beantwoord. Stuur een rij per "
        "onderdeel, bijvoorbeeld {example}.",
        "{name} is computed from its parts and is not answered itself. Send one row a part, for "
        "instance {example}.",
    ),
    "not-applicable": (
        "violation",
        "De vraag {name} hoort niet bij vragenlijst {type} (wel bij {options}). Laat de rij weg.",
        "Question {name} is not part of questionnaire {type} (but of {options}). Leave the row "
        "out.",
    ),
    "answer-missing": (
        "violation",
        "De kolom 'antwoord' is leeg. Kies een optie, of GA als er geen antwoord is.",
        "Column 'antwoord' is blank. Choose an option, or GA where there is no answer.",
    ),
    "unknown-option": (
        "violation",
        "Dit antwoord past niet bij {name}. Kies uit: {options}.",
        "This answer does not fit {name}. Choose one of: {options}.",
    ),
    "option-alone": (
        "violation",
        "'{option}' kan niet samen met andere opties. Laat de andere weg, of laat '{option}' weg.",
        "'{option}' cannot be combined with other options. Leave out the others, or '{option}'.",
    ),
    "option-twice": (
        "violation",
        "De optie '{option}' staat er twee keer. Behoud er één.",
        "Option '{option}' is there twice. Keep one.",
    ),
    "question-twice": (
        "violation",
        "De vraag {name} is al beantwoord op regel {first}. Behoud één antwoord.",
        "Question {name} was already answered on line {first}. Keep one answer.",
    ),
    "no-answers": (
        "violation",
        "De respons heeft geen enkel antwoord. Een bestuur dat niet antwoordde, wordt niet "
        "gestuurd.",
        "The response has no answer at all. A body that did not respond is not sent.",
    ),
    "already-accepted": (
        "info",
        "Deze respons was al aanvaard met dezelfde inhoud. Er is niets gewijzigd.",
        "This response was already accepted with the same content. Nothing was changed.",
    ),
    "reference-reused": (
        "violation",
        "Respons '{name}' is al aanvaard met een andere inhoud. Geef de verbetering een nieuw "
        "kenmerk en zet '{name}' in de kolom 'vervangt'.",
        "Response '{name}' was already accepted with other content. Give the correction a new "
        "reference and put '{name}' in column 'vervangt'.",
    ),
    "second-response": (
        "violation",
        "{body} heeft voor deze golf al respons '{existing}'. Is dit een verbetering, zet dan "
        "'{existing}' in de kolom 'vervangt'.",
        "{body} already has response '{existing}' for this wave. If this is a correction, put "
        "'{existing}' in column 'vervangt'.",
    ),
    "replaces-unknown": (
        "violation",
        "De respons die vervangen wordt, is niet aanvaard voor deze golf. Kijk het kenmerk na, of "
        "laat 'vervangt' leeg.",
        "The response to be replaced was not accepted for this wave. Check the reference, or leave "
        "'vervangt' blank.",
    ),
    "replaces-other": (
        "violation",
        "Respons '{name}' is er een van een ander bestuur. Voor {body} geldt: {existing}.",
        "Response '{name}' is one of another body. For {body} there is: {existing}.",
    ),
    "replaces-superseded": (
        "violation",
        "Respons '{name}' is zelf al vervangen. Voor {body} geldt nu: {existing}.",
        "Response '{name}' was itself replaced before. For {body} there is now: {existing}.",
    ),
    "body-dropped": (
        "warning",
        "De vervangen respons ging ook over {body}; dat bestuur heeft nu geen respons meer in deze "
        "golf.",
        "The replaced response was also about {body}; that body has no response left in this wave.",
    ),
}
RESPONSE: Mapping[str, tuple[str, str, str]] = MappingProxyType(_WORDS)
