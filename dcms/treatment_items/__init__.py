"""The items of treatments, and the teeth they are done on."""
