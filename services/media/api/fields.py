"""Types of the fields that editors send."""

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from shared.text import EDITOR_LINE, is_far_too_long, tidy

LONGEST_ALT = 500
LONGEST_CAPTION = 1000
LONGEST_CREDIT = 200
LONGEST_URL = 2000


def _line(longest: int) -> tuple[AfterValidator, WithJsonSchema]:
    def check(text: str) -> str:
        fault = ValueError(f"It is longer than {longest} characters.")
        if is_far_too_long(text, longest):
            raise fault
        tidied = tidy(text, EDITOR_LINE)
        if len(tidied) > longest:
            raise fault
        return tidied

    return AfterValidator(check), WithJsonSchema({"type": "string", "maxLength": longest})


Alt = Annotated[str, *_line(LONGEST_ALT)]
Caption = Annotated[str, *_line(LONGEST_CAPTION)]
Credit = Annotated[str, *_line(LONGEST_CREDIT)]
# NaN and infinity fail the comparison.
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Address = Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
