"""How fast the site is, beside Flask and Gradio with the same network."""
