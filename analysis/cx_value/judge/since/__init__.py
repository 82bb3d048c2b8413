"""What has moved since an earlier report, and why."""
