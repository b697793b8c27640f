"""Calendar, current period and versions."""
