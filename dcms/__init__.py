"""dcms, a dental clinic management service."""

__version__ = "0.1.0"
