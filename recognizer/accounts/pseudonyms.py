"""What a browser may remember of who is signed in."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils.crypto import salted_hmac


def account_of(user: AbstractBaseUser | AnonymousUser) -> str:
    """The same for one user always, and nothing that names them; "" for who is not signed in.

    A drawing that waits in a browser to be sent is marked with it, so that it is not stored as
    somebody else's who signs in there meanwhile.
    """
    if not user.is_authenticated:
        return ""
    return salted_hmac("recognizer.account", str(user.pk), algorithm="sha256").hexdigest()[:24]
