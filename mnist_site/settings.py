"""Django settings, all from the environment; `.env.example` describes each variable."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from mnist_site.env import (
    BASE_DIR,
    env_bool,
    env_choice,
    env_database,
    env_int,
    env_list,
    env_networks,
    env_rate,
    env_redis_url,
    env_secret_key,
    env_share,
    env_storage,
    env_str,
    read_env_file,
)

read_env_file()

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_secret_key(debug=DEBUG)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var"))).resolve()

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "recognizer",
]

MIDDLEWARE = [
    "recognizer.middleware.request_log.log_requests",
    "recognizer.pages.probes.answer_probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "recognizer.middleware.page_policy.CompressPages",
    "csp.middleware.CSPMiddleware",
    "recognizer.middleware.page_policy.say_permissions",
    "recognizer.middleware.page_policy.SpeakTheirLanguage",
    "recognizer.middleware.page_policy.refuse_unsound",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "mnist_site.urls"
WSGI_APPLICATION = "mnist_site.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

SESSION_ENGINE = "recognizer.accounts.sessions"
DATABASES = {"default": env_database(VAR_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_redis_url()
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "mnist_site",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# An unfinished message is redelivered after the visibility timeout, which must therefore be longer
# than any training. A run's heartbeat reveals a dead worker sooner.
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 6 * 3600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 3,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "take-up-waiting-runs": {
        "task": "recognizer.tasks.take_up_waiting_runs",
        "schedule": 20.0,
        # Otherwise they would pile up behind a long training.
        "options": {"expires": 15},
    },
    "read-labelled-again": {
        "task": "recognizer.tasks.read_labelled_again",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "history"
ALLOW_SIGN_UP = env_bool("ALLOW_SIGN_UP", default=False)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "recognizer" / "locale"]
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env_str("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
STORAGES = {
    "default": env_storage("STORAGE_URL"),
    "staticfiles": {"BACKEND": "mnist_site.static_files.HashedStaticStorage"},
}

HTTPS = env_bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
# Prometheus connects from inside, without the proxy that terminates TLS.
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

MAX_BODY_BYTES = env_int("MAX_BODY_BYTES", default=5_000_000, least=10_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "recognizer.api.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.AllowAny",
        "recognizer.api.tokens.HasScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["recognizer.api.parsers.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["recognizer.api.throttles.Throttle"],
    "DEFAULT_THROTTLE_RATES": {
        "predict": env_rate("THROTTLE_PREDICT", "600/min"),
        "save": env_rate("THROTTLE_SAVE", "120/min"),
        "api": env_rate("THROTTLE_API", "600/min"),
        "token-predict": env_rate("THROTTLE_TOKEN_PREDICT", "600/min"),
        "token-save": env_rate("THROTTLE_TOKEN_SAVE", "120/min"),
        "token-api": env_rate("THROTTLE_TOKEN_API", "600/min"),
        # Higher than the others, so that a school behind one address can work.
        "address-predict": env_rate("THROTTLE_ADDRESS_PREDICT", "6000/min"),
        "address-save": env_rate("THROTTLE_ADDRESS_SAVE", "1200/min"),
        "address-api": env_rate("THROTTLE_ADDRESS_API", "6000/min"),
        "login": env_rate("THROTTLE_LOGIN", "30/hour"),
        "address-login": env_rate("THROTTLE_ADDRESS_LOGIN", "100/hour"),
        "address-sign-up": env_rate("THROTTLE_ADDRESS_SIGN_UP", "30/hour"),
    },
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "recognizer.api.pagination.NewestFirstPagination",
    "EXCEPTION_HANDLER": "recognizer.api.errors.handle",
    "PAGE_SIZE": 50,
    # Clients can forge X-Forwarded-For. uvicorn sets REMOTE_ADDR to the address that
    # TRUSTED_PROXIES report.
    "NUM_PROXIES": 0,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Handwriting recogniser",
    "DESCRIPTION": "Read handwritten digits, save drawings and correct predictions.",
    "VERSION": "1.0.0",
    "TAGS": [
        {"name": "Predictions", "description": "Read drawings without storing them."},
        {"name": "Drawings", "description": "Save drawings, correct and delete them."},
        {"name": "Sharing", "description": "Show a drawing to anybody who has its link."},
        {"name": "Model versions", "description": "The versions that read, and the active one."},
        {"name": "Training runs", "description": "Follow the runs that train new versions."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "recognizer.api.openapi.add_refusals",
    ],
}

RETRAIN_EPOCHS = env_int("RETRAIN_EPOCHS", default=4, least=1)
RETRAIN_THREADS = env_int("RETRAIN_THREADS", default=0)
RETRAIN_SILENCE_SECONDS = env_int("RETRAIN_SILENCE_SECONDS", default=300, least=10)
RETRAIN_STALE_SECONDS = env_int("RETRAIN_STALE_SECONDS", default=60, least=5)
RETRAIN_AUTO_PROMOTE = env_bool("RETRAIN_AUTO_PROMOTE", default=False)
HELD_OUT_SHARE = env_share("HELD_OUT_SHARE", 0.2)
MAX_CONTRIBUTOR_SHARE = env_share("MAX_CONTRIBUTOR_SHARE", 0.3)

WEB_HOST = env_str("WEB_HOST", "127.0.0.1")
WEB_PORT = env_int("WEB_PORT", default=8000, least=1)
WEB_PROCESSES = env_int("WEB_PROCESSES", default=2, least=1)
WEB_NOTICE_SECONDS = env_int("WEB_NOTICE_SECONDS", default=0)
TRUSTED_PROXIES = env_networks("TRUSTED_PROXIES", "127.0.0.1,::1")

KEEP_STAFF_ACTS_DAYS = env_int("KEEP_STAFF_ACTS_DAYS", default=0)
METRICS_TOKEN = env_str("METRICS_TOKEN")
LOG_LEVEL = env_str("LOG_LEVEL", "INFO")
LOG_FORMAT = env_choice("LOG_FORMAT", "line", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "recognizer.monitoring.logs.LineFormatter",
            "format": "{levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "recognizer.monitoring.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Celery sets the root logger's level to WARNING.
        "recognizer": {"level": LOG_LEVEL},
        "django.server": {"level": "WARNING"},
        # These undo uvicorn's own formats and levels. Its access log would contain full URLs,
        # including secret ones.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"level": "WARNING"},
        "uvicorn.access": {"handlers": [], "propagate": False},
    },
}
