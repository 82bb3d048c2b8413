"""Path diagrams: shapes, layout, drawing. Knows no report."""
