"""Tables: Arrow data to the text files that Anaplan reads, and back."""
