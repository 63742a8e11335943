"""Draws the sample edition's illustrations: a scene, a seed and a palette give a picture."""
