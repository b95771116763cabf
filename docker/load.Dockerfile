# The load test: docker build -f docker/load.Dockerfile -t ollama-chatbot-load .
# On the chat's own base, of which a node already has the layers.
ARG OLLAMA_VERSION=0.24.0
ARG OLLAMA_DIGEST=""
FROM ollama/ollama:${OLLAMA_VERSION}${OLLAMA_DIGEST}
# hadolint ignore=DL3008
RUN set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends python3-venv; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*; \
    python3 -m venv /opt/venv
COPY requirements-load.txt /tmp/
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
        -r /tmp/requirements-load.txt
COPY locustfiles /app/locustfiles
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp LOCUST_LOCUSTFILE=locustfiles/load.py
USER 10001:0
ENTRYPOINT ["locust"]
