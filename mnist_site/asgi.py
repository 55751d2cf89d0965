"""The way in for uvicorn.

Plain HTTP goes through WSGI in threads: Django under ASGI costs 3-5 ms of CPU a
request, the same view under WSGI 1.1-1.4.
"""

from a2wsgi import WSGIMiddleware

from mnist_site.wsgi import application as wsgi_application

application = WSGIMiddleware(wsgi_application, workers=8)  # type: ignore[arg-type]
