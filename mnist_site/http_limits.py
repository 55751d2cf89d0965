"""Limits the size of request headers for uvicorn's fast HTTP parser."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 65_536
"""The limit of h11, uvicorn's other parser; httptools itself has no limit."""


class LimitedHttp(HttpToolsProtocol):
    """Closes connections that send endless headers, chunk extensions or trailers."""

    _bytes_without_progress = 0
    _progress = False

    def data_received(self, data: bytes) -> None:
        self._progress = False
        super().data_received(data)
        so_far = 0 if self._progress else self._bytes_without_progress + len(data)
        self._bytes_without_progress = so_far
        if so_far > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def on_headers_complete(self) -> None:
        self._progress = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._progress = True
        super().on_message_complete()
