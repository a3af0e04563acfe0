/** Puts a blob into a copy of Node's executable; the package brings no types. */
declare module "postject" {
  export function inject(
    executable: string,
    resource: string,
    content: Buffer,
    options: { readonly sentinelFuse: string; readonly machoSegmentName?: string },
  ): Promise<void>;
}
