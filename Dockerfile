FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements-runtime.lock requirements-build.lock ./
RUN python -m venv /opt/dcms \
    && /opt/dcms/bin/pip install --no-cache-dir --require-hashes -r requirements-runtime.lock \
    && python -m venv tools \
    && tools/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE ./
COPY dcms dcms
COPY sql sql
COPY migrations migrations
RUN tools/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir wheels . \
    && /opt/dcms/bin/pip install --no-cache-dir --no-deps --no-index wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin dcms
COPY --from=build /opt/dcms /opt/dcms
# docker build --build-arg GIT_HASH=$(git rev-parse HEAD) --build-arg BUILD_TIME=$(date -u +%FT%TZ) .
ARG GIT_HASH=
ARG BUILD_TIME=
ENV DCMS_GIT_HASH=$GIT_HASH DCMS_BUILD_TIME=$BUILD_TIME
ENV PATH=/opt/dcms/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DCMS_HOST=0.0.0.0 DCMS_PORT=8000
USER 10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"DCMS_PORT\"]}/api/v1/health', timeout=2)"]
ENTRYPOINT ["dcms"]
CMD ["serve"]
