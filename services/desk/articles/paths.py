"""Addresses of an article's pages."""

ID = "{id:[0-9a-z]{26}}"
PATH = f"/desk/articles/{ID}"
