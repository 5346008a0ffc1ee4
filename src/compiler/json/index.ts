/** A JSON text: parsed within its limits, and where things are in it. */
export { type JsonRefusal, parseJson } from './parse-json.ts';
export { type ShapeError, shapeFault } from './shape-fault.ts';
export { spanAt } from './span-at.ts';
export { findInJson, type JsonKey } from './walk-json.ts';
