"""Reading a record: its pages as pictures and as text, and its files."""
