"""The entry point for uvicorn.

Requests are handled by WSGI in threads. Django under ASGI costs 3-5 ms of CPU per request;
the same view under WSGI costs 1.1-1.4 ms.
"""

from mnist_site.wsgi import application as wsgi_application

# isort: split
# These need Django to be set up, which the import above does.
from mnist_site.whole_requests import WholeRequests
from mnist_site.wsgi_threads import Threads

application = WholeRequests(Threads(wsgi_application, workers=8))
