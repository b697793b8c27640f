"""Lists, their items, and changes to them."""
