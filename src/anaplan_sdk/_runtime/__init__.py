"""The few pairs that no translation can invent: the same names in both worlds."""
