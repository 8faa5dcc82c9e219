"""Third floor: master batch records, their versions, limits and formulas."""
