/** Of `host:port`, or `[address]:port`. */
export function hostAndPort(host: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`tcp://${host}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}
