"""What is measured on the running site as a whole. Nothing of the site itself needs it."""
