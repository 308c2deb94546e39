# One image, four services: `python -m reader`, `csv_logger`, `influx_bridge`, `relay_controller`.
# Docker builds it; docker-compose.yml runs it. No service runs as root.
FROM python:3.13-slim-trixie

# Wheels of every dependency exist or are pure Python, so no compiler is needed; crcmod's C part is Debian's.
WORKDIR /opt/smartmeter
COPY pyproject.toml ./
RUN python3 -m pip install --no-cache-dir 'pip>=25.1' \
 && python3 -m pip install --no-cache-dir --group services \
 && useradd --system --uid 990 --home-dir /data smartmeter \
 && install -d -o smartmeter -g smartmeter /data /etc/smartmeter

COPY config.sample.ini /etc/smartmeter/config.ini
COPY common common
COPY reader reader
COPY csv_logger csv_logger
COPY influx_bridge influx_bridge
COPY relay_controller relay_controller

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER smartmeter
VOLUME /data
CMD ["python3", "-m", "reader", "-c", "/etc/smartmeter/config.ini"]
