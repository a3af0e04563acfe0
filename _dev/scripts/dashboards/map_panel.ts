import type { MapPanel } from "../../shared/kibana/vocabulary.ts";
import type { Json } from "./lens_columns.ts";
import { subjectQuery } from "./subject_query.ts";

/** A map with Kibana's own base layer and one layer of clusters, the larger the more documents. */
export function mapAttributes({ field, subject, colour, title }: MapPanel): Json {
  const base = {
    id: "base",
    type: "EMS_VECTOR_TILE",
    sourceDescriptor: { type: "EMS_TMS", isAutoSelect: true, lightModeDefault: "road_map_desaturated" },
    style: { type: "EMS_VECTOR_TILE", color: "" },
    includeInFitToBounds: true,
    alpha: 1,
    visible: true,
    minZoom: 0,
    maxZoom: 24,
    label: null,
  };
  const clusters = {
    id: "clusters",
    type: "GEOJSON_VECTOR",
    label: title,
    sourceDescriptor: {
      id: "clusters",
      type: "ES_GEO_GRID",
      requestType: "point",
      resolution: "COARSE",
      geoField: field,
      metrics: [{ type: "count" }],
      applyGlobalQuery: true,
      applyGlobalTime: true,
      applyForceRefresh: true,
      indexPatternRefName: "layer_1_source_index_pattern",
    },
    query: { language: "kuery", query: subjectQuery(subject) },
    style: {
      type: "VECTOR",
      isTimeAware: true,
      properties: {
        fillColor: { type: "STATIC", options: { color: colour } },
        lineColor: { type: "STATIC", options: { color: "#FFFFFF" } },
        lineWidth: { type: "STATIC", options: { size: 1 } },
        iconSize: {
          type: "DYNAMIC",
          options: {
            field: { name: "doc_count", origin: "source" },
            minSize: 6,
            maxSize: 28,
            fieldMetaOptions: { isEnabled: false, sigma: 3 },
          },
        },
        labelText: { type: "DYNAMIC", options: { field: { name: "doc_count", origin: "source" } } },
        labelSize: { type: "STATIC", options: { size: 11 } },
      },
    },
    includeInFitToBounds: true,
    alpha: 0.75,
    visible: true,
    minZoom: 0,
    maxZoom: 24,
    joins: [],
  };
  const settings = { autoFitToDataBounds: false, initialLocation: "LAST_SAVED_LOCATION" };
  return {
    title: "",
    description: "",
    layerListJSON: JSON.stringify([base, clusters]),
    mapStateJSON: JSON.stringify({
      zoom: 1.2,
      center: { lat: 25, lon: 10 },
      query: { language: "kuery", query: subjectQuery(subject) },
      filters: [],
      settings,
    }),
    uiStateJSON: JSON.stringify({ isLayerTOCOpen: false, openTOCDetails: [] }),
  };
}
