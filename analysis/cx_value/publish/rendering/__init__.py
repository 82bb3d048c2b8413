"""From a bound project to HTML, PDF and DOCX."""
