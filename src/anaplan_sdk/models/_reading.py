# --- old names, until the callers use the new ones ---
from anaplan_sdk.models._decoding import decode_json as read_json

__all__ = ["read_json"]
