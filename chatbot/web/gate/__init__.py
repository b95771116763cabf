"""What everything passes before Streamlit and the routes see it: one rule for each thing tried."""
