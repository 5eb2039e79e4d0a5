# One image for both processes: `keyframe serve` is the API server, `keyframe project` the projector.

FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/keyframe
COPY pyproject.toml constraints.txt README.md ./
COPY domain domain
COPY projections projections
COPY api api
RUN /opt/keyframe/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt .

FROM python:3.13-slim
RUN useradd --system --create-home --home-dir /var/lib/keyframe keyframe \
    && install --directory --owner keyframe --mode 700 /var/lib/keyframe/.keyframe
COPY --from=build /opt/keyframe /opt/keyframe
ENV PATH="/opt/keyframe/bin:$PATH" PYTHONUNBUFFERED=1
USER keyframe
WORKDIR /var/lib/keyframe
EXPOSE 8000
ENTRYPOINT ["keyframe"]
CMD ["serve"]
