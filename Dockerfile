# One image, four services: `python -m reader`, `csv_logger`, `influx_bridge`, `relay_controller`.
# Docker builds it; docker-compose.yml runs it. No service runs as root.
FROM python:3.13-slim-trixie AS packages

# The compiler makes crcmod's C part, for which PyPI has no wheels; it stays behind in this stage. All else has wheels or is
# pure Python.
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev \
 && python3 -m venv /opt/packages \
 && /opt/packages/bin/python -m pip install --no-cache-dir 'pip>=25.1'
COPY pyproject.toml ./
RUN /opt/packages/bin/python -m pip install --no-cache-dir --group services --group decrypt \
 && /opt/packages/bin/python -c 'import crcmod._crcfunext' \
 && /opt/packages/bin/python -m pip uninstall -y -q pip

FROM python:3.13-slim-trixie

# A fresh named volume on /data takes its owner from here.
RUN useradd --system --uid 990 --home-dir /data smartmeter \
 && install -d -o smartmeter -g smartmeter /data /etc/smartmeter

WORKDIR /opt/smartmeter
COPY --from=packages /opt/packages /opt/packages
COPY config.sample.ini /etc/smartmeter/config.ini
COPY common common
COPY reader reader
COPY csv_logger csv_logger
COPY influx_bridge influx_bridge
COPY relay_controller relay_controller

ENV PATH=/opt/packages/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER smartmeter
CMD ["python3", "-m", "reader", "-c", "/etc/smartmeter/config.ini"]
