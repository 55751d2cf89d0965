"""How fast the site is, compared with Flask and Gradio serving the same network."""
