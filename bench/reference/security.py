"""Who calls, by a token that PyJWT verifies.

https://fastapi.tiangolo.com/tutorial/security/oauth2-jwt/ - but for the tutorial's query for the user in each request:
the token says what is needed here.
"""

import base64
import os
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from jwt.exceptions import InvalidTokenError
from pydantic import BaseModel

KEY = base64.b64decode(os.environ["JWT_KEY"])
ALGORITHM = "HS256"
STAFF = {"admin", "manager", "doctor", "assistant", "receptionist"}

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


class User(BaseModel):
    """The caller."""

    user_id: int
    roles: list[str]


async def get_current_user(token: Annotated[str, Depends(oauth2_scheme)]) -> User:
    """Read the token."""
    try:
        payload = jwt.decode(token, KEY, algorithms=[ALGORITHM])
        return User(user_id=payload["sub"], roles=payload["roles"])
    except (InvalidTokenError, KeyError):
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Could not validate credentials",
            headers={"WWW-Authenticate": "Bearer"},
        ) from None


async def get_current_staff(user: Annotated[User, Depends(get_current_user)]) -> User:
    """Let staff pass."""
    if not STAFF.intersection(user.roles):
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Not enough permissions")
    return user


Staff = Annotated[User, Depends(get_current_staff)]
