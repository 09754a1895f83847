"""What hot statements touch as a clinic grows from a few thousand appointments to millions: `make growth`."""
