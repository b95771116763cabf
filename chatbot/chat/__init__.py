"""What happens to a prompt: stored, made to fit, answered, and the answer kept."""
