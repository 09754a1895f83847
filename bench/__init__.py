"""What measures speed: `make bench` and `make growth`. See docs/performance.md."""
