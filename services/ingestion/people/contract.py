"""Requests and answers about people and tokens, and the table of operations behind their OpenAPI."""

from pydantic import BaseModel

from services.ingestion.people.roles import Role


class TokenAnswer(BaseModel):
    """The owner of a token, for the other services."""

    name: str
    role: Role
