import { Scalar, stringify } from 'yaml';
import type { ResolvedManifest } from '../model/index.ts';
import { configDocument } from './config.ts';

/** A number in hexadecimal digits, exact and without quotes. */
function hexadecimal(value: bigint): Scalar<bigint> {
  const scalar = new Scalar(value);
  scalar.format = 'HEX';
  return scalar;
}

/** {@link configDocument} as YAML, with addresses and sizes as hexadecimal numbers. */
export const configYaml = (resolved: ResolvedManifest): string =>
  stringify(configDocument(resolved, hexadecimal), { lineWidth: 0, aliasDuplicateObjects: false });
