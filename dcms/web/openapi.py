"""The OpenAPI document."""

from litestar import Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from dcms import __version__
from dcms.access.permissions import Permission


def openapi_config() -> OpenAPIConfig:
    """Where the document is, and what it says of itself."""
    return OpenAPIConfig(
        title="dcms",
        version=__version__,
        description="A dental clinic: patients, appointments, messages, treatments and billing.",
        use_handler_docstrings=True,
        security=[{"token": []}],
        components=Components(
            security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        openapi_router=Router("/schema", route_handlers=[], opt={"permission": Permission.PUBLIC}),
    )
