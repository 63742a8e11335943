"""The sample edition: articles, comments, pictures and views for a new platform."""
