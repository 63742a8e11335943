from services.search.app import create_app
from services.search.settings import SearchSettings
from shared.http.app import run_service

if __name__ == "__main__":
    run_service("search", SearchSettings, create_app)
