"""What the DOCX gets beyond pandoc."""
