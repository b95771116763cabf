"""The page: it draws, and nothing else. The only part of the chat that knows Streamlit."""
