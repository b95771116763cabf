"""Who has this tab: asked to sign in where that is needed, named at the sidebar's end."""

from __future__ import annotations

import streamlit as st

from chatbot.identity.users import User
from chatbot.page.i18n import t
from chatbot.page.state import PageState, forget_state
from chatbot.page.streamlit_internals import redirect_browser
from chatbot.services import Services

_LEAVING = "leaving"  # whether the tab has just signed out


def find_user(services: Services) -> User | None:
    """Return who has this tab; None when nobody has signed in, or when they have signed out."""
    if "user" not in st.session_state:
        # st.user reads Streamlit's secrets each time.
        claims = st.user.to_dict() if services.settings.login else {}
        st.session_state.user = services.users.identify(
            st.context.cookies, claims, st.context.ip_address
        )
    user: User | None = st.session_state.user
    return user if user is not None and services.users.is_still_signed_in(user) else None


def require_user(state: PageState) -> None:
    """Draw the whole page, which asks to sign in, when the tab's user has signed out."""
    if not state.services.users.is_still_signed_in(state.user):
        st.rerun()


def draw_sign_in(services: Services) -> None:
    """Show how to sign in, and nothing else."""
    forget_state()
    if st.session_state.pop(_LEAVING, False):
        _leave(services)
    if services.settings.login == "oidc":
        st.title(t("Sign in to chat"), anchor=False)
        if st.button(t("Sign in"), key="sign-in", type="primary"):
            _sign_in(services)
    elif st.session_state.user is None:
        st.error(t("You are not signed in. Open this chat through the proxy that signs you in."))
    else:
        st.info(t("You are signed out. Reload the page to sign in again."))


def _sign_in(services: Services) -> None:
    if services.users.check_provider():
        st.login()
    else:
        st.error(t("The sign-in service does not answer. Try again in a while."))


def _leave(services: Services) -> None:
    """Have the browser leave for where people are signed out of all."""
    if services.settings.login == "oidc":
        st.logout()
    else:
        redirect_browser(services.settings.sign_out_url)


def can_sign_out(state: PageState) -> bool:
    """Return whether the tab's user has signed in at a place where they can sign out again."""
    settings = state.services.settings
    return bool(state.user.name) and (settings.login == "oidc" or bool(settings.sign_out_url))


def sign_out(state: PageState) -> None:
    """Sign the tab's user out, in all tabs of their browser; the next run sends it away.

    What a callback says to the browser is lost with the run that it restarts.
    """
    services = state.services
    with services.chat.stop_left(state.user.user_id):
        services.users.sign_out(state.user)
    st.session_state[_LEAVING] = True
