"""What a notebook opens with: workspace, store, figures."""
