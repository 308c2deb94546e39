# One image, four services: `python3 -m reader`, `csv_logger`, `influx_bridge`, `relay_controller`; and lighttpd with the live
# page. docker-compose.yml runs it.
# Builds for amd64, arm64 and arm/v7.
#
# Debian's own Python packages: they are built for every Pi, crcmod and cryptography with their C parts, and Debian mends them
# for years. With python:3.13-slim-trixie the image is 100 MB larger, and arm/v7 has no wheel of cffi. Versions are those of
# Debian 13. Of PyPI comes what Debian has not: the group `image` in pyproject.toml, exactly those versions.
FROM debian:trixie-slim AS packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev python3-pip python3-setuptools swig
COPY pyproject.toml ./
# PYPI=1: lgpio brings the C source of its library along. The compiler stays behind in this stage.
RUN PYPI=1 python3 -m pip install --no-cache-dir --no-compile --no-deps --no-build-isolation --target /opt/packages --group image \
 && find /opt/packages -name '*.so' -exec strip {} +

# The live page: made once, on the machine that builds, whatever it builds for. (Who builds without BuildKit has no such name.)
FROM --platform=${BUILDPLATFORM:-linux} debian:trixie-slim AS page
RUN apt-get update && apt-get install -y --no-install-recommends npm python3
WORKDIR /page
COPY scripts/make-www scripts/build-page.py scripts/
COPY mosquitto/www mosquitto/www
RUN scripts/make-www

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates lighttpd lighttpd-mod-openssl \
      python3 python3-crcmod python3-cryptography python3-paho-mqtt python3-serial python3-urllib3 tzdata \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/* \
# A fresh named volume takes its owner from the folder on which it is mounted.
 && useradd --system --uid 990 --home-dir /data smartmeter \
 && install -d -o smartmeter -g smartmeter /data /run/smartmeter \
 && install -d /login /certificate /etc/smartmeter

WORKDIR /opt/smartmeter
COPY --from=packages /opt/packages /opt/packages
COPY config.sample.ini /etc/smartmeter/config.ini
COPY common common
COPY mosquitto mosquitto
COPY reader reader
COPY csv_logger csv_logger
COPY influx_bridge influx_bridge
COPY relay_controller relay_controller
COPY demo demo
COPY --from=page /page/build/www www
# Compiled once here: a container may not write there, and an old Pi would compile at each start.
RUN python3 -m compileall -q /opt/packages /opt/smartmeter

# RUNTIME_DIRECTORY: where a service writes its health. STATE_DIRECTORY: where relay_controller notes the pins that it drives.
# LG_WD: where lgpio makes its pipe, and where it goes for that; so all paths of settings are absolute here.
ENV PYTHONPATH=/opt/packages PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RUNTIME_DIRECTORY=/run/smartmeter \
    STATE_DIRECTORY=/data LG_WD=/run/smartmeter
USER smartmeter
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 CMD ["python3", "-m", "common.health_check"]
CMD ["python3", "-m", "reader", "-c", "/etc/smartmeter/config.ini"]
