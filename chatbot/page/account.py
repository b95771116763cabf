"""Who has this tab: asked to sign in where that is needed, named at the sidebar's foot."""

from __future__ import annotations

import streamlit as st

from chatbot import services
from chatbot.identity.users import User
from chatbot.page.i18n import t
from chatbot.page.streamlit_internals import redirect_browser


def person() -> User | None:
    """Who has this tab; None when nobody has signed in, or when he has signed out since."""
    now = services.current()
    if "person" not in st.session_state:
        # st.user reads Streamlit's secrets each time.
        claims = st.user.to_dict() if now.settings.login else {}
        st.session_state.person = now.users.identify(st.context.cookies, claims)
    found: User | None = st.session_state.person
    return found if found is not None and now.users.is_still_signed_in(found) else None


def admits() -> bool:
    """Whether somebody may chat in this tab; if not, it shows how to sign in, and nothing else."""
    if person() is not None:
        return True
    st.session_state.pop("view", None)
    if services.current().settings.login == "oidc":
        st.title(t("Sign in to chat"), anchor=False)
        if st.button(t("Sign in"), key="sign-in", type="primary"):
            _sign_in()
    elif st.session_state.person is None:
        st.error(t("You are not signed in. Open this chat through the proxy that signs you in."))
    else:
        st.info(t("You are signed out. Reload the page to sign in again."))
    return False


def _sign_in() -> None:
    if services.current().users.check_provider():
        st.login()
    else:
        st.error(t("The sign-in service does not answer. Try again in a while."))


def draw() -> None:
    """Says who is signed in, with the way out."""
    found = person()
    if found is None or not found.name:
        return
    settings = services.current().settings
    with st.container(key="account", horizontal=True, vertical_alignment="center"):
        st.text(found.name)
        if settings.login == "oidc" or settings.sign_out_url:
            st.button(
                t("Sign out"),
                key="sign-out",
                icon=":material/logout:",
                type="tertiary",
                on_click=_sign_out,
                args=(found,),
            )


def _sign_out(found: User) -> None:
    now = services.current()
    if "view" in st.session_state:
        now.generations.stop_watched_by(st.session_state.view.tab)
    now.users.sign_out(found)
    if now.settings.login == "oidc":
        st.logout()
    else:
        redirect_browser(now.settings.sign_out_url)
