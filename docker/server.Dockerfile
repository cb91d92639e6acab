# crackmap's server. Build from the repository's root:
#   docker build -f docker/server.Dockerfile -t crackmap-server .
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY requirements/demo.txt requirements/
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/demo.txt
COPY . .
RUN for part in . ./server; do \
      /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels "$part" || exit 1; \
    done

FROM python:3.13-slim-bookworm
COPY requirements/server.txt /tmp/
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/server.txt \
 && pip install --no-cache-dir --no-deps --no-index --find-links /tmp/wheels crackmap crackmap-server \
 && rm -r /tmp/server.txt /tmp/wheels \
 && useradd --create-home --uid 1000 crackmap \
 && mkdir /data && chown crackmap:crackmap /data
USER crackmap
VOLUME /data
# Until keys or users exist the server listens on loopback only: run it in the host's network (see compose.yaml).
ENV CRACKMAP_SERVER_DATABASE=sqlite:////data/crackmap.sqlite CRACKMAP_SERVER_EVIDENCE=/data/evidence
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import http.client, sys; asked = http.client.HTTPConnection('127.0.0.1', 8321, timeout=4); asked.request('GET', '/healthz'); sys.exit(asked.getresponse().status != 200)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["crackmap"]
CMD ["server", "run"]
