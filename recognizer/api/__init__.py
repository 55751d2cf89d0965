"""The JSON API under `/api/v1/`: views, serializers, tokens, limits and errors."""
