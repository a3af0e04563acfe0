# The runner by itself. In the folder of the release files:
#   docker build -f runner.Dockerfile -t aquila-salesforce .
#   docker run -v "$PWD/policy.yml:/policy.yml:ro" -v aquila-salesforce:/data aquila-salesforce
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE}
COPY aquila-salesforce aquila-salesforce*.mjs aquila-salesforce.licenses.txt LICENSE.txt /opt/aquila-salesforce/
RUN mkdir /data && chown node:node /data && /opt/aquila-salesforce/aquila-salesforce version
USER node
VOLUME /data
ENTRYPOINT ["/opt/aquila-salesforce/aquila-salesforce"]
CMD ["run", "--policy", "/policy.yml", "--data-dir", "/data"]
