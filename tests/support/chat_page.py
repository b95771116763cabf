"""The chat in a browser's tab: where its parts are, and what a person does with them."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

# What a browser and the page write to the console when the server does not answer.
_CONNECTION_LOST = (
    "ERR_CONNECTION",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE_CHUNKED",
    "WebSocket",
    "No response received when attempting to reach /_stcore/",
    "Streamlit server is not responding",
)

# What the page's headers forbid is never tried: neither by the page nor by what is shown on it.
_TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (tried) =>
    console.error(`${tried.violatedDirective} forbids ${tried.blockedURI}`))"""


def words(count: int) -> list[str]:
    """Return tokens by which a test sees how far an answer has come."""
    return [f"word{number} " for number in range(count)]


class ChatPage:
    """One tab of one visitor. `complaints` collects what a sound page never does."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self._ignored: tuple[str, ...] = ()
        page.add_init_script(_TELL_VIOLATIONS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", self._on_request)
        page.on("websocket", lambda socket: self._on_url(socket.url))
        self.input = page.get_by_test_id("stChatInputTextArea")
        self.submit_button = page.get_by_test_id("stChatInputSubmitButton")
        self.stop_button = page.locator(".chat-stop")
        self.messages = page.locator(".chat-message")
        self.alerts = page.get_by_test_id("stAlert")
        self.welcome = page.get_by_role("heading", name="What can I help with?")
        self.sidebar = page.get_by_test_id("stSidebar")
        self.model_picker = page.locator(".chat-model")

    def open(self, path: str = "/") -> None:
        """Open the page and wait until a prompt can be typed."""
        self.page.goto(self.url + path)
        expect(self.input).to_be_enabled()

    def may_lose_connection(self) -> None:
        """From now on, do not complain of a server that cannot be reached."""
        self._ignored = _CONNECTION_LOST

    def reload(self) -> None:
        """Reload the page and wait until it is drawn."""
        self.page.reload()
        expect(self.input).to_be_visible()

    def ask(self, prompt: str) -> Locator:
        """Send a prompt and return the place of its answer."""
        self.input.fill(prompt)
        self.input.press("Enter")
        asked = self.messages.filter(has_text=prompt).last
        expect(asked).to_be_visible()
        return self.messages.last

    def act(self, message: Locator, act: str) -> None:
        """Press the icon below a message that does `act`, such as "again"."""
        message.hover()
        message.locator(f"button[data-act={act}]").first.click()

    def pick(self, model: str) -> None:
        """Choose a model in the header."""
        self.model_picker.click()
        self.page.get_by_role("option", name=model).click()
        expect(self.model_picker).to_contain_text(model)

    def start_conversation(self) -> None:
        """Begin a new chat."""
        self.page.locator(".st-key-new button").click()
        expect(self.messages).to_have_count(0)

    def open_tool(self, act: str) -> None:
        """Press a tool at the sidebar's end, such as "settings"."""
        self.page.locator(f".chat-tool[data-act={act}]").click()

    def button(self, name: str) -> Locator:
        """Return the button with this label."""
        return self.page.get_by_role("button", name=name)

    def conversation(self, title: str) -> Locator:
        """Return the entry of a conversation in the sidebar."""
        return self.sidebar.get_by_role("link", name=title, exact=True)

    def menu(self, title: str) -> Locator:
        """Open the menu of a conversation in the sidebar, and return it."""
        self.conversation(title).hover()
        self.sidebar.get_by_role("button", name=f"Rename, pin, export, delete: {title}").click()
        return self.page.get_by_role("menu")

    def choose(self, title: str, entry: str) -> None:
        """Choose an entry of a conversation's menu."""
        self.menu(title).get_by_role("menuitem", name=entry).click()

    def tool(self, name: str) -> Locator:
        """Open a dialog by its button at the sidebar's foot, and return it."""
        self.sidebar.get_by_role("button", name=name, exact=True).click()
        return self.page.get_by_test_id("stDialog")

    def idle(self) -> None:
        """Wait until nothing is being written or drawn."""
        expect(self.messages.and_(self.page.locator("[data-state=writing]"))).to_have_count(0)
        expect(self.page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning"
        )

    def _on_console(self, message: ConsoleMessage) -> None:
        is_ignored = any(text in message.text for text in self._ignored)
        if message.type in ("error", "warning") and not is_ignored:
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    def _on_request(self, request: Request) -> None:
        self._on_url(request.url)

    def _on_url(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"asked another host: {url}")
