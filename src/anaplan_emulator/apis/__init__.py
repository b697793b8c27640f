"""Anaplan's APIs: a room for each, with its routes (HTTP in and out) and its rules."""

from ..calls import Endpoint
from .authentication.routes import ENDPOINTS as AUTHENTICATION_ENDPOINTS

ENDPOINTS: list[Endpoint] = [
    *AUTHENTICATION_ENDPOINTS,
]
