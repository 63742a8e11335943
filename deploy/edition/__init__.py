"""The sample edition: articles, comments, pictures and views that a fresh platform is loaded with."""
