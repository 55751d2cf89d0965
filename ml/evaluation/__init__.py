"""How well a network reads: metrics, robustness, the paired test, reports and charts."""
