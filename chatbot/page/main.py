"""The script that Streamlit runs; everything is drawn by chatbot.page.draw."""

from chatbot.page import draw

draw.page()
