"""The database: pool, statements, clusters and migrations."""
