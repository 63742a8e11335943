"""Addresses of the pages of numbers."""

from services.desk.articles.paths import ID

PATH = "/desk/numbers"
CSV = f"{PATH}.csv"
WALL = f"{PATH}/wall"
ARTICLE = f"{PATH}/articles/{ID}"
SECTION = f"{PATH}/sections/{{slug:[a-z0-9-]{{1,100}}}}"
TAG = f"{PATH}/tags/{{tag:[^/]{{1,100}}}}"
