"""The routes of the api, by room."""

from services.popularity.numbers.adjustment_routes import ROUTES as ADJUSTMENTS
from services.popularity.numbers.numbers_routes import ROUTES as NUMBERS
from services.popularity.rankings.popular_routes import ROUTES as RANKINGS
from services.popularity.views.pixel_routes import ROUTES as PIXEL
from services.popularity.views.view_routes import ROUTES as VIEWS

ROUTES = [*VIEWS, *PIXEL, *RANKINGS, *NUMBERS, *ADJUSTMENTS]
