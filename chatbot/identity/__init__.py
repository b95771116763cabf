"""Who is asking: a user who signed in, else a browser with a signed cookie."""
