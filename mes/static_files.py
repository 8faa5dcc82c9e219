"""What of the front-end packages is served: the files that a page asks for, and nothing else.

The packages carry far more (other writing directions, demo pictures, optional libraries), some of
it with references to files they do not ship, which a manifest storage rightly refuses.
"""

from django.contrib.staticfiles.apps import StaticFilesConfig


class ServedFiles(StaticFilesConfig):
    """Django's static files without what no page of OneLot asks for."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.cjs.js",
        "*.d.ts",
        "*.rtl.*",
        *(
            f"tabler-{unused}.*"
            for unused in (
                "flags",
                "marketing",
                "payments",
                "props",
                "socials",
                "themes",
                "vendors",
            )
        ),
        "redoc",
    ]
