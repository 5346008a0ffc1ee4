/** What a snapshot holds of a device tree, as in its schema. */

/** Characters of a node's path. */
export const MAX_PATH = 4096;
/** Properties of one node. */
export const MAX_PROPERTIES = 4096;
/** Bytes of one property's value. */
export const MAX_VALUE_BYTES = 2 << 20;
