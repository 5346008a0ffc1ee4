import { LIMITS } from '../../model/index.ts';

/** Variables by name. Absent and undefined both count as unset. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Something wrong with a `$` in a text; `start` and `end` are offsets in it. */
export type InterpolationFault =
  | {
      readonly kind: 'unset';
      readonly name: string;
      readonly message?: string;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'malformed'; readonly start: number; readonly end: number }
  | { readonly kind: 'too-long'; readonly start: number; readonly end: number };

export interface Interpolated {
  readonly text: string;
  readonly faults: readonly InterpolationFault[];
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:?[-?+]/y;

/**
 * Replaces the variables of a text as Docker Compose does: `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME-default}`,
 * `${NAME:?message}` and `${NAME?message}`, `${NAME:+other}` and `${NAME+other}`; with the colon, empty counts as unset.
 * `$$` is a dollar sign. Defaults may hold variables; values are not looked at again. An unset variable is a fault here.
 */
export function interpolate(text: string, variables: Variables): Interpolated {
  if (!text.includes('$')) return { text, faults: [] };
  const scanner = new Scanner(text, variables);
  const replaced = scanner.upTo(false, 0, true);
  return { text: scanner.faults.length > 0 ? text : replaced, faults: scanner.faults };
}

class Scanner {
  readonly faults: InterpolationFault[] = [];
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly variables: Variables,
  ) {}

  /** The text from here to its end, or to the `}` that closes what it is in. What is not `wanted` makes no faults. */
  upTo(brace: boolean, depth: number, wanted: boolean): string {
    let out = '';
    while (this.at < this.text.length) {
      const from = this.at;
      const stop = this.next(brace);
      out += this.text.slice(from, stop);
      this.at = stop;
      if (this.text[stop] !== '$') break;
      out += this.dollar(depth, wanted);
      if (out.length > LIMITS.manifest.token) return this.tooLong();
    }
    return out;
  }

  private next(brace: boolean): number {
    for (let at = this.at; at < this.text.length; at++) {
      const character = this.text[at];
      if (character === '$' || (brace && character === '}')) return at;
    }
    return this.text.length;
  }

  private dollar(depth: number, wanted: boolean): string {
    const start = this.at++;
    const after = this.text[this.at];
    if (after === '$') {
      this.at++;
      return '$';
    }
    if (after === '{') {
      this.at++;
      return this.braced(start, depth, wanted);
    }
    const name = this.match(NAME);
    if (name === undefined) return this.malformed(start);
    return this.value(name) ?? this.unset(name, undefined, start, wanted);
  }

  private braced(start: number, depth: number, wanted: boolean): string {
    const name = this.match(NAME);
    if (name === undefined || depth === LIMITS.manifest.interpolationDepth) return this.malformed(start);
    const operator = this.match(OPERATOR) ?? '';
    const value = this.value(name);
    const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
    const action = operator.at(-1);
    const wordWanted = wanted && (action === '+') === isSet;
    const word = action === undefined ? '' : this.upTo(true, depth + 1, wordWanted);
    if (this.text[this.at] !== '}') return this.malformed(start);
    this.at++;
    if (action === '+') return isSet ? word : '';
    if (isSet) return value;
    return action === '-' ? word : this.unset(name, action === '?' ? word : undefined, start, wanted);
  }

  private value(name: string): string | undefined {
    return Object.hasOwn(this.variables, name) ? this.variables[name] : undefined;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private unset(name: string, message: string | undefined, start: number, wanted: boolean): string {
    const about = message === undefined || message === '' ? {} : { message };
    if (wanted) this.faults.push({ kind: 'unset', name, ...about, start, end: this.at });
    return '';
  }

  private tooLong(): string {
    this.faults.push({ kind: 'too-long', start: 0, end: this.text.length });
    this.at = this.text.length;
    return '';
  }

  /** Where the form is broken, where it ends is a guess: take it to the end, so that one slip is one finding. */
  private malformed(start: number): string {
    const known = this.faults.some(({ kind }) => kind !== 'unset');
    if (!known) this.faults.push({ kind: 'malformed', start, end: Math.min(this.text.length, start + 2) });
    this.at = this.text.length;
    return '';
  }
}
