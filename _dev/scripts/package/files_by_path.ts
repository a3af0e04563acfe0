/** The files of a package by their path from its root, with `/`. */
export type PackageFiles = ReadonlyMap<string, Buffer>;
