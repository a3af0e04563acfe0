/**
 * Kibana keeps parts of its objects as JSON text inside JSON. In the repository they are written out, to be read and compared;
 * the package has them as Kibana's import wants them, as elastic-package does it too. Pure.
 */
import { isMapping } from "../../../src/core/block.ts";

/** Where such a text may be, below `attributes` and below each panel's `embeddableConfig`. */
const ENCODED: readonly (readonly string[])[] = [
  ["controlGroupInput", "ignoreParentSettingsJSON"],
  ["controlGroupInput", "panelsJSON"],
  ["kibanaSavedObjectMeta", "searchSourceJSON"],
  ["layerListJSON"],
  ["mapStateJSON"],
  ["optionsJSON"],
  ["uiStateJSON"],
  ["visState"],
];

type Json = Readonly<Record<string, unknown>>;

/** A saved object with those parts as text; what is text already stays as it is. */
export function encodedObject(object: unknown): unknown {
  if (!isMapping(object) || !isMapping(object.attributes)) {
    return object;
  }
  const attributes = withEncodedParts(object.attributes);
  const { panelsJSON } = attributes;
  if (!Array.isArray(panelsJSON)) {
    return { ...object, attributes };
  }
  return { ...object, attributes: { ...attributes, panelsJSON: JSON.stringify(panelsJSON.map(encodedPanel)) } };
}

function encodedPanel(panel: unknown): unknown {
  if (!isMapping(panel) || !isMapping(panel.embeddableConfig)) {
    return panel;
  }
  const { embeddableConfig } = panel;
  const config = withEncodedParts(embeddableConfig);
  return {
    ...panel,
    embeddableConfig: isMapping(config.attributes)
      ? { ...config, attributes: withEncodedParts(config.attributes) }
      : config,
  };
}

function withEncodedParts(object: Json): Json {
  return ENCODED.reduce<Json>((result, path) => withEncoded(result, path), object);
}

function withEncoded(object: Json, [name = "", ...rest]: readonly string[]): Json {
  const value = object[name];
  if (value === undefined || value === null) {
    return object;
  }
  if (rest.length === 0) {
    return typeof value === "string" ? object : { ...object, [name]: JSON.stringify(value) };
  }
  return isMapping(value) ? { ...object, [name]: withEncoded(value, rest) } : object;
}
