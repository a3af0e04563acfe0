/** The Elasticsearch that development and tests use, in every way to get one. */
export const ELASTICSEARCH_VERSION = "9.4.3";
