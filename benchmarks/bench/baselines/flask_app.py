"""`flask_app PORT`: POST /predict with {"image": "data:image/png;base64,…"}."""

import base64
import io
import logging
import sys

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from PIL import Image

from benchmarks.bench.baselines.prediction import CLASSES, scores_of

app = Flask(__name__)


@app.post("/predict")
def predict() -> ResponseReturnValue:
    content = base64.b64decode(request.get_json()["image"].partition(",")[2])
    scores = scores_of(Image.open(io.BytesIO(content)))
    return jsonify(
        digit=CLASSES[int(scores.argmax())],
        probabilities=dict(zip(CLASSES, scores.tolist(), strict=True)),
    )


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app.run(port=int(sys.argv[1]), threaded=True)
