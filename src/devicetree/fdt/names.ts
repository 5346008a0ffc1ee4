/**
 * Longest name of a node or a property. The specification says 31, which many trees of the kernel exceed; 255 is what a
 * file of /sys/firmware/devicetree can be called.
 */
export const MAX_NAME_LENGTH = 255;

/** What `dtc` takes for an error outside of (its checks `property_name_chars` and `node_name_chars`). */
const PROPERTY_NAME = /^[a-zA-Z0-9,._+*#?-]+$/;
const NODE_NAME = /^[a-zA-Z0-9,._+-]+(@[a-zA-Z0-9,._+-]*)?$/;

/** What is wrong with the name of a property; null where nothing is. */
export function propertyNameProblem(name: string): string | null {
  return nameProblem(name, 'property', PROPERTY_NAME);
}

/** What is wrong with the name of a node, its unit address included; null where nothing is. Not for the root. */
export function nodeNameProblem(name: string): string | null {
  // Both would be another node to whoever takes a path for a file name.
  if (name === '.' || name === '..') return `a node is called ${JSON.stringify(name)}`;
  return nameProblem(name, 'node', NODE_NAME);
}

function nameProblem(name: string, of: 'node' | 'property', pattern: RegExp): string | null {
  if (name === '') return `a ${of} has no name`;
  if (name.length > MAX_NAME_LENGTH) return `the name of a ${of} has more than ${MAX_NAME_LENGTH} characters`;
  return pattern.test(name) ? null : `${JSON.stringify(name)} cannot be the name of a ${of}`;
}
