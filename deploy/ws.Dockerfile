# Relay and WebSocket gateway: two commands of one small image without Odoo.
FROM python:3.11-slim

WORKDIR /opt/fynlo
COPY ws_server/requirements.txt ws_server/requirements.txt
COPY requirements.lock .
RUN pip install --no-cache-dir -r ws_server/requirements.txt -c requirements.lock \
    && useradd --system --no-create-home fynlo

COPY deploy/entrypoint.sh deploy/entrypoint.sh
COPY ws_server ws_server

USER fynlo
ENV PYTHONUNBUFFERED=1
ENTRYPOINT ["/opt/fynlo/deploy/entrypoint.sh"]
CMD ["gateway"]
