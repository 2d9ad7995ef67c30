"""The neutral document, its dialects, and the words of the languages that it speaks."""
