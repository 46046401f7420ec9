"""Difficulty-aware rejection sampling (dual-phase recipe, B4): `rounds` what is drawn, `lengths` which right sample is kept,
`what_if` both again on stored samples, `report` what is shown."""
