"""The requests of a soak: mostly predictions, often saves, sometimes lists."""

import hashlib
import json
import random
import uuid
from typing import Any

import numpy as np

from benchmarks.common.clients import http_request
from benchmarks.soak.traffic import Request, Save
from ml.contract import Ink

PREDICT, DRAWINGS, HISTORY = "/api/v1/predict/", "/api/v1/drawings/", "/admin/recognizer/drawing/"
SHARES = {"predict": 60, "save": 30, "list": 9, "page": 1}
_SHIFTS = 100


class Mix:
    """Makes requests of known visitors; records every save, each of a different drawing."""

    def __init__(
        self,
        drawn: list[dict[str, Any]],
        visitors: list[dict[str, str]],
        staff: dict[str, str],
        seed: int = 1,
    ) -> None:
        self.saves: list[Save] = []
        self._drawn, self._visitors, self._staff = drawn, visitors, staff
        self._random = random.Random(seed)
        self._bodies = [json.dumps(one).encode() for one in drawn]

    def make(self) -> Request:
        """Return the next request."""
        (kind,) = self._random.choices([*SHARES], [*SHARES.values()])
        who = self._random.choice(self._visitors)
        if kind == "predict":
            body = self._random.choice(self._bodies)
            return Request(kind, http_request("POST", PREDICT, body, who))
        if kind == "list":
            return Request(kind, http_request("GET", DRAWINGS, headers=who))
        if kind == "page":
            return Request(kind, http_request("GET", HISTORY, headers=self._staff))
        return self._save(who)

    def _save(self, who: dict[str, str]) -> Request:
        turn, index = divmod(len(self.saves), len(self._drawn))
        body = moved(self._drawn[index], turn)
        save = Save(str(uuid.uuid4()), digest_of_body(body))
        self.saves.append(save)
        headers = who | {"Idempotency-Key": save.key}
        content = http_request("POST", DRAWINGS, json.dumps(body).encode(), headers)
        return Request("save", content, save)


def moved(body: dict[str, Any], number: int) -> dict[str, Any]:
    """Move a drawing by less than a pixel, by a different amount for each of 10,000 numbers."""
    down, across = divmod(number % _SHIFTS**2, _SHIFTS)
    xy = np.concatenate([np.asarray(stroke) for stroke in body["strokes"]])
    room = (body["width"], body["height"]) - xy.max(axis=0)
    # Move it away from the nearer edge, so that it stays on the canvas.
    away = np.where(room > xy.min(axis=0), 1, -1) * (across, down) / 100
    strokes = [(np.asarray(stroke) + away).round(2).tolist() for stroke in body["strokes"]]
    return body | {"strokes": strokes}


def digest_of_body(body: dict[str, Any]) -> str:
    """Return a drawing's digest, equal for the sent body and the stored ink."""
    return _digest(
        [np.asarray(stroke) for stroke in body["strokes"]], body["width"], body["height"]
    )


def digest_of_ink(ink: Ink) -> str:
    """Return the digest of ink from the database."""
    return _digest([stroke[:, :2] for stroke in ink.strokes], ink.width, ink.height)


def _digest(strokes: list[Any], width: int, height: int) -> str:
    points = [np.round(stroke * 100).astype(int).tolist() for stroke in strokes]
    return hashlib.sha256(json.dumps([points, width, height]).encode()).hexdigest()
