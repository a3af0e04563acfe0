/** Clusters on an outline of the world's land, in plate carrée projection. */
import { createElement, type ReactNode } from "react";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import land from "world-atlas/land-110m.json" with { type: "json" };
import type { Drawing } from "../drawing.ts";

type MapDrawing = Extract<Drawing, { kind: "map" }>;

/** Degrees that the picture shows: without the poles, where nobody logs in. */
const WEST = -180;
const NORTH = 80;
const WIDTH = 360;
const HEIGHT = 136;

const SMALLEST = 3;
const LARGEST = 11;

export function worldMap({ clusters, colour }: MapDrawing): ReactNode {
  const most = Math.max(1, ...clusters.map(({ count }) => count));
  return createElement(
    "svg",
    { className: "map", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "xMidYMid slice", role: "img" },
    createElement("path", { d: LAND, fill: "#f4f6f3", stroke: "#b9c7d6", strokeWidth: 0.3 }),
    clusters
      .toSorted((a, b) => b.count - a.count)
      .map(({ lat, lon, count }) => {
        const radius = SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(count / most);
        const [cx, cy] = [lon - WEST, NORTH - lat];
        return createElement(
          "g",
          { key: `${lat}/${lon}` },
          createElement("circle", {
            cx,
            cy,
            r: radius,
            fill: colour,
            fillOpacity: 0.75,
            stroke: "#fff",
            strokeWidth: 0.5,
          }),
          createElement(
            "text",
            { x: cx, y: cy + 1.4, fontSize: 4.2, textAnchor: "middle", fill: "#1d2a3e" },
            count.toLocaleString("en-US"),
          ),
        );
      }),
  );
}

const LAND = landPath();

function landPath(): string {
  const topology = land as unknown as Topology<{ land: GeometryCollection }>;
  const { features } = feature(topology, topology.objects.land);
  const rings = features.flatMap(({ geometry }) =>
    geometry.type === "MultiPolygon"
      ? geometry.coordinates.flat()
      : geometry.type === "Polygon"
        ? geometry.coordinates
        : [],
  );
  return rings.map(ringPath).join("");
}

/** Rings that cross the edge of the map are cut there. */
function ringPath(ring: readonly (readonly number[])[]): string {
  let before = Number.NaN;
  const steps = ring.map(([lon = 0, lat = 0]) => {
    const cut = !(Math.abs(lon - before) < 180);
    before = lon;
    return `${cut ? "M" : "L"}${(lon - WEST).toFixed(1)},${(NORTH - lat).toFixed(1)}`;
  });
  return steps.join("");
}
