import type { DeviceTreeNode } from '../../model/index.ts';

/** Labels of nodes in the guest's tree: each is given once, and each is another one. */
export class Labels {
  readonly #given = new Map<DeviceTreeNode, string>();
  readonly #used: Set<string>;

  /** @param reserved labels that mean something else. */
  constructor(reserved: Iterable<string>) {
    this.#used = new Set(reserved);
  }

  /** The label that a node has, if any. */
  of(node: DeviceTreeNode): string | undefined {
    return this.#given.get(node);
  }

  /** The label of a node; made from `wanted` where it has none yet. */
  give(node: DeviceTreeNode, wanted: string): string {
    const known = this.#given.get(node);
    if (known !== undefined) return known;
    const word = wanted.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d|$)/, '_');
    let label = word;
    for (let number = 2; this.#used.has(label); number += 1) label = `${word}_${number}`;
    this.#used.add(label);
    this.#given.set(node, label);
    return label;
  }
}
