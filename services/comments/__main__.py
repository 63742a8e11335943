from services.comments.app import create_app
from services.comments.settings import CommentsSettings
from shared.http.app import run_service

if __name__ == "__main__":
    run_service("comments", CommentsSettings, create_app)
