"""`gradio_app PORT`: a Gradio app that takes a picture and returns scores.

Uses Gradio's shortest path: without a queue, a prediction is one POST to /gradio_api/run/predict
instead of two requests and an event stream. `concurrency_limit` admits all clients at once.
"""

import sys

import gradio
from PIL import Image

from benchmarks.bench.baselines.prediction import CLASSES, scores_of


def predict(picture: Image.Image) -> dict[str, float]:
    return dict(zip(CLASSES, scores_of(picture).tolist(), strict=True))


with gradio.Blocks(analytics_enabled=False) as app:
    drawn = gradio.Image(type="pil", image_mode="L", format="png")
    label = gradio.Label()
    button = gradio.Button("Read")
    button.click(predict, drawn, label, api_name="predict", queue=False, concurrency_limit=None)

if __name__ == "__main__":
    app.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
