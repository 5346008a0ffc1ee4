/** Whether two values have the same parts: numbers and bigints by value, functions by identity. */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Reflect.ownKeys(a);
  if (keys.length !== Reflect.ownKeys(b).length) return false;
  if (a instanceof Map && b instanceof Map) return equal([...a], [...b]);
  return keys.every((key) => Object.hasOwn(b, key) && partsEqual(a, b, key));
}

/** The methods of a register are made anew with it; what they do follows from its other parts. */
function partsEqual(a: object, b: object, key: string | symbol): boolean {
  const [left, right] = [a, b].map((each) => (each as Readonly<Record<string | symbol, unknown>>)[key]);
  return typeof left === 'function' && typeof right === 'function' ? true : equal(left, right);
}

/** Freezes a value and everything in it, so that changing it fails. What is in a Map or an array of bytes is left out. */
export function frozen<T>(value: T, seen = new Set<unknown>()): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return value;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    // A getter is there to be late.
    if (property && 'value' in property) frozen(property.value, seen);
  }
  return Object.freeze(value);
}
