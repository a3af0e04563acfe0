# Elastic Agent with the runner beside it. In the folder of the release files:
#   docker build -f agent.Dockerfile -t elastic-agent-aquila-salesforce .
# A new version of the agent needs a new image; nothing is installed while a container runs.
ARG ELASTIC_AGENT_IMAGE=elastic/elastic-agent:9.2.0
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS node

FROM ${ELASTIC_AGENT_IMAGE}
USER root
# install-component copies Node and the bundle; mounts keep a second copy of them out of the image.
# Fails here, and not when a container starts, if this image lacks a library of Node's.
RUN --mount=from=node,source=/usr/local/bin/node,target=/mnt/node \
    --mount=source=.,target=/mnt/component \
    /mnt/node /mnt/component/aquila-salesforce.mjs install-component --agent-home /usr/share/elastic-agent \
  && "$(echo /usr/share/elastic-agent/data/elastic-agent-*/components/aquila-salesforce)" version
USER elastic-agent
