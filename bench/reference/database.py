"""The engine, and a session for each request.

https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html
"""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine(
    os.environ["DATABASE_URL"],
    pool_size=int(os.environ["POOL_SIZE"]),
    max_overflow=0,
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """The session of one request."""
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
