"""The script that Streamlit runs; everything is drawn by chatbot.page.layout."""

from chatbot.page import layout

layout.draw_page()
