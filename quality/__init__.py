"""Fifth floor: exceptions, deviations, review and disposition."""
