from services.desk.app import create_app
from services.desk.settings import DeskSettings
from shared.http.app import run_service

if __name__ == "__main__":
    run_service("desk", DeskSettings, create_app)
