"""Text of a realistic length for measured articles."""


def body_html(paragraphs: int) -> str:
    """Paragraphs of ninety words each."""
    return "".join(f"<p>{' '.join(f'word{(7 * i + i * p) % 997}' for i in range(90))}.</p>" for p in range(paragraphs))
