from services.ingestion.app import create_app
from services.ingestion.settings import IngestionSettings
from shared.http.app import run_service

if __name__ == "__main__":
    run_service("ingestion", IngestionSettings, create_app)
