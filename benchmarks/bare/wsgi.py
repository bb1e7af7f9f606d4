"""The entry of the other side's web server; its settings are named by the environment."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
