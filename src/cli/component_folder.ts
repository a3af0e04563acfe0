import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ComponentFile } from "./component_files.ts";

const CHUNK_BYTES = 1024 * 1024;

/** Where Linux shows a process its open files; a path through it can't be led elsewhere. */
const OPEN_FILES = "/proc/self/fd";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * The agent's folder of components, held open. It may belong to a user who can put a link in the place of any name at any
 * moment, while the command runs as root. So no link is followed; a file is always a new one that nobody else has opened,
 * and its owner and mode are set and checked on the open handle before it gets its name. Methods throw the errors of
 * the file system.
 */
export class ComponentFolder {
  readonly path: string;
  readonly #handle: number;
  readonly #owner: Pick<Stats, "uid" | "gid">;
  /** The folder, whatever its path stands for by now. */
  readonly #place: string;

  /** `path` has no links in it; if its last part is one, this throws ENOTDIR. */
  constructor(path: string) {
    this.path = path;
    this.#handle = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    this.#owner = fstatSync(this.#handle);
    const seen = join(OPEN_FILES, String(this.#handle));
    this.#place = existsSync(seen) ? seen : path;
    if (this.#place === seen && readlinkSync(seen) !== path) {
      this.close();
      throw new Error(`${path} was exchanged while it was opened.`);
    }
  }

  close(): void {
    closeSync(this.#handle);
  }

  /** Whom the folder belongs to, and with it the files in it. */
  get owner(): { readonly uid: number; readonly gid: number } {
    const { uid, gid } = this.#owner;
    return { uid, gid };
  }

  /** A new folder in this one that its owner may look into. The caller closes it, and removes it by `removeFolder`. */
  makeFolder(name: string): ComponentFolder {
    mkdirSync(this.#at(name), { mode: 0o700 });
    const made = openSync(this.#at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      if (isRoot()) {
        fchownSync(made, this.#owner.uid, this.#owner.gid);
      }
      return new ComponentFolder(join(this.path, name));
    } finally {
      closeSync(made);
    }
  }

  /** Takes away a folder with the files in it. */
  removeFolder(name: string): void {
    rmSync(this.#at(name), { recursive: true, force: true });
  }

  has(name: string): boolean {
    return lstatSync(this.#at(name), { throwIfNoEntry: false }) !== undefined;
  }

  /** Takes the name away; of a link, not what it leads to. */
  remove(name: string): void {
    rmSync(this.#at(name));
  }

  /** The text of a file; `undefined` if the name stands for anything else. */
  text(name: string): string | undefined {
    const handle = this.#opened(name);
    try {
      return handle === undefined ? undefined : readFileSync(handle, "utf8");
    } finally {
      closeIfOpen(handle);
    }
  }

  /** Whether the name stands for a file with this content, owner and mode. */
  holds(file: ComponentFile): boolean {
    const handle = this.#opened(file.name);
    try {
      return handle !== undefined && this.#isAsWanted(fstatSync(handle), file) && hasContent(handle, file);
    } finally {
      closeIfOpen(handle);
    }
  }

  /** Puts a new file in the place of whatever has the name; the name stands for a complete file at every moment. */
  put(file: ComponentFile): void {
    const fresh = this.#at(`.${file.name}.new`);
    rmSync(fresh, { force: true });
    const handle = openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      writeContent(handle, file);
      if (isRoot()) {
        fchownSync(handle, this.#owner.uid, this.#owner.gid);
      }
      fchmodSync(handle, file.mode);
      const made = fstatSync(handle);
      if (!this.#isAsWanted(made, file)) {
        throw this.#exchanged(file.name);
      }
      renameSync(fresh, this.#at(file.name));
      const { dev, ino } = lstatSync(this.#at(file.name));
      if (dev !== made.dev || ino !== made.ino) {
        throw this.#exchanged(file.name);
      }
    } finally {
      closeSync(handle);
      rmSync(fresh, { force: true });
    }
  }

  #at(name: string): string {
    return join(this.#place, name);
  }

  /** A file open for reading; `undefined` for a link, a folder, a pipe or nothing. */
  #opened(name: string): number | undefined {
    let handle: number;
    try {
      handle = openSync(this.#at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ELOOP" || code === "ENXIO") {
        return undefined;
      }
      throw error;
    }
    if (fstatSync(handle).isFile()) {
      return handle;
    }
    closeSync(handle);
    return undefined;
  }

  /**
   * Files belong to whom the folder belongs to; only root can give files away, and others need not. A mode may be stricter
   * than the wanted one as long as the owner can do the same: an agent of root tightens modes when it starts.
   */
  #isAsWanted(stats: Stats, file: ComponentFile): boolean {
    const { uid, gid } = this.#owner;
    const owned = !isRoot() || (stats.uid === uid && stats.gid === gid);
    const mode = stats.mode & 0o7777;
    const enough = (mode & 0o700) === (file.mode & 0o700) && (mode & ~file.mode) === 0;
    return stats.isFile() && stats.nlink === 1 && enough && owned;
  }

  #exchanged(name: string): Error {
    return new Error(`${join(this.path, name)} was exchanged while it was written.`);
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function closeIfOpen(handle: number | undefined): void {
  if (handle !== undefined) {
    closeSync(handle);
  }
}

function writeContent(handle: number, { content }: ComponentFile): void {
  if ("text" in content) {
    writeFileSync(handle, content.text);
    return;
  }
  const source = openSync(content.copyOf, O_RDONLY);
  try {
    for (const chunk of chunksOf(source)) {
      writeFileSync(handle, chunk);
    }
  } finally {
    closeSync(source);
  }
}

function hasContent(handle: number, { content }: ComponentFile): boolean {
  if ("text" in content) {
    return readFileSync(handle, "utf8") === content.text;
  }
  const wanted = openSync(content.copyOf, O_RDONLY);
  try {
    return fstatSync(handle).size === fstatSync(wanted).size && digest(handle) === digest(wanted);
  } finally {
    closeSync(wanted);
  }
}

function digest(handle: number): string {
  const hash = createHash("sha256");
  for (const chunk of chunksOf(handle)) {
    hash.update(chunk);
  }
  return hash.digest("hex");
}

/** The content of an open file in one buffer that is used again and again: Node's executable has more than 100 MB. */
function* chunksOf(handle: number): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0, read = 1; read > 0; position += read) {
    read = readSync(handle, buffer, 0, buffer.length, position);
    yield buffer.subarray(0, read);
  }
}
