"""Settings: everything from the environment, typed, in the order in which one reads a house."""

import shlex
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from mes import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

# Which house this is: "demo" shows its accounts, "test" is thrown away, "prod" is strict.
ONELOT_ENV = env.choice("ONELOT_ENV", ("demo", "test", "prod"), default="prod")
IS_PROD = ONELOT_ENV == "prod"
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default=() if IS_PROD else ("127.0.0.1", "localhost"))
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", default=())

# Outside the database: keys, and the file to which checkpoints are appended.
KEY_DIR = env.path("KEY_DIR")
CHECKPOINT_FILE = env.path("CHECKPOINT_FILE")
# Who else is told of each checkpoint: nobody, syslog://host:port or https://host/path.
CHECKPOINT_WITNESS = env.witness("CHECKPOINT_WITNESS")
# Who is told when an account is locked: nobody, or https://host/path.
SECURITY_WEBHOOK = env.webhook("SECURITY_WEBHOOK")
# Who brings a person their one-time link: nobody, or https://host/path.
PERSON_WEBHOOK = env.webhook("PERSON_WEBHOOK")
# Where the weights of scales are read, by the name of the line. None of them is pretended in a plant.
SCALE_LINES = env.scales("SCALE_LINES", () if IS_PROD else ("simulated=simulated",))
DEMO_FILE = env.path("DEMO_FILE", default=BASE_DIR / "var" / "demo.json")

# Floors, from the roof down.
INSTALLED_APPS = [
    "mes.apps.MesConfig",
    "monitoring.apps.MonitoringConfig",
    "quality.apps.QualityConfig",
    "batches.apps.BatchesConfig",
    "recipes.apps.RecipesConfig",
    "supply.apps.SupplyConfig",
    "audit.apps.AuditConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "mes.static_files.ServedFiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "simple_history",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "mes.middleware.FailClosedMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mes.middleware.SignedInMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "mes.urls"
ASGI_APPLICATION = "mes.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mes.context.house",
            ],
            "builtins": ["mes.templatetags.mes_ui"],
        },
    }
]

# The database is the truth; the application's role owns nothing in it.
DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=3,
    options="-c statement_timeout=30s -c lock_timeout=5s"
    " -c idle_in_transaction_session_timeout=30s -c timezone=UTC",
)
APP_DATABASE_ROLE = env.text("APP_DATABASE_ROLE", default="onelot_app")

# Spent codes and counters of attempts: in the database, so that every process sees them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "audit_remembered",
        # Far more than there ever are: what is thrown away early could be used a second time.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

# The courier: it may lose everything, the outbox in the database will not.
CELERY_BROKER_URL = env.text("REDIS_URL")

# Who may come in.
AUTH_USER_MODEL = "audit.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "mes.sign_in.People",
]
PASSWORD_HASHERS = ["audit.hashers.OwaspArgon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "mes.accounts.passwords.LengthValidator"},
    {"NAME": "mes.accounts.passwords.GuessableValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "mes.views.locked_out"
AXES_HTTP_RESPONSE_CODE = 403
SESSION_ENGINE = "mes.sign_in"
# How long a session lasts without activity (at the product, at a desk), and at most.
SESSION_IDLE_MAKERS = timedelta(minutes=env.number("SESSION_IDLE_MAKERS", 15, least=1, most=60))
SESSION_IDLE = timedelta(minutes=env.number("SESSION_IDLE", 30, least=1, most=60))
SESSION_LONGEST = timedelta(hours=env.number("SESSION_LONGEST", 12, least=1, most=24))
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False

# The second factor: who needs one everywhere, and from where everybody does. Sign-up is closed.
MFA_ROLES = env.words("MFA_ROLES", default=("admin", "qa", "qp") if IS_PROD else ())
SITE_NETWORKS = env.networks("SITE_NETWORKS")
MFA_ADAPTER = "mes.accounts.adapters.Factors"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
ACCOUNT_ADAPTER = "mes.accounts.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_SESSION_REMEMBER = False

# The identity provider of the site, where there is one: see mes/accounts/identities.py.
OIDC_SERVER = env.webhook("OIDC_SERVER")
OIDC_ID, OIDC_NAME = "site", env.text("OIDC_NAME", default="the account of the site")
SOCIALACCOUNT_ADAPTER = "mes.accounts.identities.Identities"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            # The subject is all that is asked for.
            "SCOPE": ["openid"],
            "APPS": [
                {
                    "provider_id": OIDC_ID,
                    "name": OIDC_NAME,
                    "client_id": env.text("OIDC_CLIENT_ID"),
                    "secret": env.text("OIDC_CLIENT_SECRET"),
                    "settings": {"server_url": OIDC_SERVER, "fetch_userinfo": False},
                }
            ],
        }
    }
    if OIDC_SERVER
    else {}
)

# What a browser is told. A demo runs without TLS on the loopback; production does not.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PROD
SESSION_COOKIE_NAME = "__Host-session" if IS_PROD else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_PROD else "csrf"
SECURE_SSL_REDIRECT = IS_PROD
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63_072_000 if IS_PROD else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PROD
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", default=False) else None
)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# What a step of a batch takes as a photo or a file, and who else looks at it first.
MOST_FILE_BYTES = env.number("MOST_FILE_MB", 8, least=1, most=32) * 1_000_000
FILE_CHECKER = shlex.split(env.text("FILE_CHECKER", default=""))
FILE_UPLOAD_HANDLERS = ["mes.packages.uploaded.Bounded"]

# Time and language.
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en-us"

# Files: everything is served from here, nothing from elsewhere (a clean room has no internet).
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / "static-root")
STATICFILES_DIRS = [
    ("tabler/css", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist" / "css"),
    ("tabler/js", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist" / "js"),
    ("uplot", BASE_DIR / "node_modules" / "uplot" / "dist"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# What happened, as events; as JSON where machines read them.
LOGGING = logs.configure(as_json=IS_PROD)
# The terminal is told by ourselves: a forwarded header is not believed (mes/apps.py).
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

# The programming interface.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "audit.api.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["audit.api.Scoped"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["audit.api.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "mes.api.problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OneLot",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "OrderState": "batches.states.ORDER_STATES",
        "BatchState": "batches.states.BATCH_STATES",
        "StepState": "batches.states.STEP_STATES",
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
