# One image for both processes: `keyframe serve` is the API server, `keyframe project` the projector. The root file system
# may be read-only. Build with --build-arg PYTHON=python:3.13-slim@sha256:… to fix the base; `make digests` prints digests.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /src
RUN python -m venv /opt/build && python -m venv /opt/keyframe
COPY deploy/requirements deploy/requirements
RUN /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
        --requirement deploy/requirements/build.txt \
    && /opt/keyframe/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
        --requirement deploy/requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY projections projections
COPY api api
RUN /opt/build/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir wheel . \
    && /opt/keyframe/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-index wheel/*.whl

FROM ${PYTHON}
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/keyframe keyframe \
    && install --directory --owner keyframe --group keyframe --mode 700 /var/lib/keyframe/.keyframe
COPY --from=build /opt/keyframe /opt/keyframe
ENV PATH="/opt/keyframe/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 KEYFRAME_PROJECTOR_PORT=8000
USER 10001:10001
WORKDIR /var/lib/keyframe
EXPOSE 8000
# the process runs; whether it is ready for requests, /readyz tells a load balancer
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["keyframe"]
CMD ["serve"]
