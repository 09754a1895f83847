"""The HTTP side of the foundation: the gate, problems, bodies, answers and pages."""
