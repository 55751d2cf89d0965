"""The way in for uvicorn.

Plain HTTP goes through WSGI in threads: Django under ASGI costs 3-5 ms of CPU a
request, the same view under WSGI 1.1-1.4.
"""

from mnist_site.wsgi import application as wsgi_application

# isort: split
# That has set Django up, which these need.
from mnist_site.whole_requests import WholeRequests
from mnist_site.wsgi_threads import Threads

application = WholeRequests(Threads(wsgi_application, workers=8))
