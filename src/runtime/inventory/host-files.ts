import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, readFileSync, statSync } from 'node:fs';

/** A sysfs attribute is one page at most, and one read(2) returns it whole (fs/sysfs/file.c). */
const ATTRIBUTE_BYTES = 65_536;
/** The smallest page that Linux has. */
const SHORTEST_PAGE = 4096;
/** More than any file read here has on a sane host; a routing table of the whole internet is cut. */
const TEXT_BYTES = 8 << 20;

/**
 * Reads the host's pseudo files. Whatever cannot be read is null or empty: a missing permission, an attribute that this
 * kernel does not have and a device that has just gone are all facts that we do not know, and none of them is an error.
 */
export class HostFiles {
  readonly #buffer = Buffer.allocUnsafe(ATTRIBUTE_BYTES);

  /** @param root is put before every path, so that a generated tree can stand for the host; empty for the live one. */
  constructor(readonly root: string = '') {}

  /** One attribute, without the line feed at its end. */
  attribute(path: string): string | null {
    const size = this.#read(path, 0, ATTRIBUTE_BYTES);
    return size < 0 ? null : this.#buffer.toString('utf8', 0, size).trimEnd();
  }

  /** An attribute that is a decimal or `0x` number. */
  number(path: string): number | null {
    const text = this.attribute(path);
    const value = text === null || text === '' ? Number.NaN : Number(text);
    return Number.isSafeInteger(value) ? value : null;
  }

  /** A whole file of /proc or /lib, whose reads may be short; cut at 8 MiB. */
  text(path: string): string | null {
    let fd: number | undefined;
    try {
      fd = openSync(this.root + path, 'r');
      let chunk = Buffer.allocUnsafe(ATTRIBUTE_BYTES);
      let size = 0;
      for (;;) {
        const got = readSync(fd, chunk, size, chunk.length - size, null);
        size += got;
        if (got === 0 || size >= TEXT_BYTES) return chunk.toString('utf8', 0, size);
        if (size === chunk.length) chunk = Buffer.concat([chunk], chunk.length * 2);
      }
    } catch {
      return null;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** Bytes of a binary file, as many as there are; a copy that the caller may keep. */
  bytes(path: string, offset: number, length: number): Buffer | null {
    const size = this.#read(path, offset, Math.min(length, ATTRIBUTE_BYTES));
    return size < 0 ? null : Buffer.from(this.#buffer.subarray(0, size));
  }

  /** All bytes of a regular file. */
  file(path: string): Buffer | null {
    try {
      return readFileSync(this.root + path);
    } catch {
      return null;
    }
  }

  /** The text of a symbolic link. */
  link(path: string): string | null {
    try {
      return readlinkSync(this.root + path);
    } catch {
      return null;
    }
  }

  /** The last component of what a symbolic link says: a driver's name, a group's number. */
  linkName(path: string): string | null {
    const target = this.link(path);
    return target === null ? null : target.slice(target.lastIndexOf('/') + 1);
  }

  /** The names in a directory, in the order of the kernel. */
  names(path: string): readonly string[] {
    try {
      return readdirSync(this.root + path);
    } catch {
      return [];
    }
  }

  /** Names in a directory with what each is; links and whatever else are left out. In the order of the kernel. */
  entries(path: string): readonly { readonly name: string; readonly folder: boolean }[] {
    try {
      return readdirSync(this.root + path, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() || entry.isFile() ? [{ name: entry.name, folder: entry.isDirectory() }] : [],
      );
    } catch {
      return [];
    }
  }

  /**
   * A binary attribute as a whole, which takes several reads where it is longer than a page. Null also where it has more
   * than `limit` bytes. A copy that the caller may keep.
   */
  value(path: string, limit: number): Uint8Array | null {
    let fd: number | undefined;
    try {
      fd = openSync(this.root + path, 'r');
      const size = readSync(fd, this.#buffer, 0, ATTRIBUTE_BYTES, null);
      // A shorter answer than a page is all there is (kernfs_file_read_iter in fs/kernfs/file.c).
      if (size < SHORTEST_PAGE) return size > limit ? null : Uint8Array.from(this.#buffer.subarray(0, size));
      const parts = [Buffer.from(this.#buffer.subarray(0, size))];
      for (let total = size; ;) {
        const got = readSync(fd, this.#buffer, 0, ATTRIBUTE_BYTES, null);
        if (got === 0) return Uint8Array.from(Buffer.concat(parts));
        total += got;
        if (total > limit) return null;
        parts.push(Buffer.from(this.#buffer.subarray(0, got)));
      }
    } catch {
      return null;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  exists(path: string): boolean {
    try {
      return lstatSync(this.root + path, { throwIfNoEntry: false }) !== undefined;
    } catch {
      return false;
    }
  }

  /** Owner and permission bits. */
  owner(path: string): { readonly uid: number; readonly gid: number; readonly mode: number } | null {
    try {
      const { uid, gid, mode } = statSync(this.root + path);
      return { uid, gid, mode: mode & 0o7777 };
    } catch {
      return null;
    }
  }

  /** Reads into the shared buffer; the size, or -1. */
  #read(path: string, offset: number, length: number): number {
    let fd: number | undefined;
    try {
      fd = openSync(this.root + path, 'r');
      return readSync(fd, this.#buffer, 0, length, offset === 0 ? null : offset);
    } catch {
      return -1;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }
}
