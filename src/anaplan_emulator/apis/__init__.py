"""Anaplan's APIs: a room for each, with its routes (HTTP in and out) and its rules."""

from anaplan_emulator.apis.authentication.routes import ENDPOINTS as AUTHENTICATION_ENDPOINTS
from anaplan_emulator.calls import Endpoint

ENDPOINTS: list[Endpoint] = [
    *AUTHENTICATION_ENDPOINTS,
]
