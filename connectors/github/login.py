"""Who we are to GitHub: a token, or an app that gets itself a token for an hour.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

from datetime import datetime, timedelta

from config.secret import Secret
from config.sources import GithubApp, GithubSettings
from core.errors import ConfigurationError

RENEWAL = timedelta(minutes=5)
"""How long before its end a token of an app is replaced: a clock may be wrong, and a long walk must not end in 401."""


def reading(settings: GithubSettings) -> Secret | GithubApp:
    """As whom we read. Raises ConfigurationError when that is nobody."""
    login = settings.app or settings.token
    if login is None:
        raise ConfigurationError("GitHub needs `token`, or an `app`, to be read.")
    return login


def writing(settings: GithubSettings) -> Secret | GithubApp:
    """As whom we write. Raises ConfigurationError when that is nobody."""
    return settings.write_token or reading(settings)


def sign(app: GithubApp) -> str:
    """The JSON Web Token that proves for a few minutes that we hold the app's key. Raises ConfigurationError."""
    import jwt
    from github.Auth import AppAuth

    key = app.key.reveal()
    try:
        return AppAuth(app.id, key).token
    except (jwt.PyJWTError, ValueError, TypeError):
        # Not their words: they may repeat a part of the key.
        text = f"The private key of the GitHub App {app.id} cannot be used; it is the PEM file that GitHub made."
        raise ConfigurationError(text) from None


def is_stale(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a token is to be replaced before it is used again."""
    return expires_at is not None and now >= expires_at - RENEWAL
