# crackmap's scanner for 64-bit Linux robots (x86-64 and aarch64). Build from the repository's root:
#   docker build -f docker/robot.Dockerfile -t crackmap-robot .
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY requirements/demo.txt requirements/
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/demo.txt
COPY . .
RUN for part in . ./robot; do \
      /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels "$part" || exit 1; \
    done

FROM python:3.13-slim-bookworm
COPY requirements/robot.txt /tmp/
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/robot.txt \
 && pip install --no-cache-dir --no-deps --no-index --find-links /tmp/wheels crackmap crackmap-robot \
 && rm -r /tmp/robot.txt /tmp/wheels \
 && useradd --create-home --uid 1000 crackmap \
 && mkdir /outbox && chown crackmap:crackmap /outbox
USER crackmap
VOLUME /outbox
ENTRYPOINT ["crackmap"]
CMD ["scan", "--help"]
