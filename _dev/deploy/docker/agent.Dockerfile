# Elastic Agent with the runner beside it. Build the bundle first (npm run build), then:
#   docker build -f _dev/deploy/docker/agent.Dockerfile -t elastic-agent-aquila-salesforce .
# A new version of the agent needs a new image; nothing is installed while a container runs.
ARG ELASTIC_AGENT_IMAGE=elastic/elastic-agent:9.2.0
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS node

FROM ${ELASTIC_AGENT_IMAGE}
USER root
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY build/component/ /usr/local/share/aquila-salesforce/
# Fails here, and not when a container starts, if this image lacks a library of Node's.
RUN node /usr/local/share/aquila-salesforce/aquila-salesforce.mjs install-component --agent-home /usr/share/elastic-agent \
  && "$(echo /usr/share/elastic-agent/data/elastic-agent-*/components/aquila-salesforce)" version
USER elastic-agent
