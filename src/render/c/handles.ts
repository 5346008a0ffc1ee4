import { cString } from './escape.ts';

/** The handles of a plan as constants of C: an index each, named after what it stands for. */
export class HandleNames {
  readonly #constants = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** The constant of a handle; the same one every time. */
  of(handle: string): string {
    const known = this.#constants.get(handle);
    if (known !== undefined) return known;
    const constant = this.#free(`H_${handle.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`);
    this.#constants.set(handle, constant);
    this.#taken.add(constant);
    return constant;
  }

  /** The constants, how many there are, and what each is called in messages. A plan without handles has one of no use. */
  declaration(): string {
    const handles = [...this.#constants];
    const constants = handles.map(([, constant]) => `${constant},`);
    const names = handles.length === 0 ? ['"",'] : handles.map(([handle]) => `${cString(handle)},`);
    return [
      ...(constants.length === 0 ? [] : ['enum handle {', ...constants.map((line) => `    ${line}`), '};']),
      `#define HANDLES ${names.length}`,
      'static const char *const handle_names[HANDLES] = {',
      ...names.map((line) => `    ${line}`),
      '};',
    ].join('\n');
  }

  #free(wanted: string): string {
    if (!this.#taken.has(wanted)) return wanted;
    let number = 2;
    while (this.#taken.has(`${wanted}__${number}`)) number += 1;
    return `${wanted}__${number}`;
  }
}
