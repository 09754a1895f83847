"""What dcms is measured against: four of its endpoints as the tutorials of FastAPI and SQLAlchemy would have them.

No strawman: SQLAlchemy 2 with asyncpg and its prepared statements, eager loading, a pool of the same size, uvloop and
httptools, pydantic's compiled validation. It does less than dcms where its tutorials leave something out: it keeps no
account of who read what, has no request ids, no problem details, no idempotency keys, no throttles.
"""
