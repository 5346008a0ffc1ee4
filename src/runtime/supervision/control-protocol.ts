/** What the socket of a project is asked: one line of JSON, then one line of answer. No request names a path. */
export interface ControlRequest {
  /** `descriptors` are those of a VM's process; they come with the answer. */
  readonly request: 'descriptors';
  readonly vm: string;
}

/** A longer line is no request of ours. */
export const MAX_REQUEST_BYTES = 4096;

export type ControlAnswer =
  | { readonly ok: true; readonly vm: string; readonly names: readonly string[] }
  | { readonly ok: false; readonly reason: RefusalReason; readonly message: string };

export type RefusalReason = 'not-allowed' | 'bad-request' | 'unknown-vm' | 'no-descriptors' | 'going-back';

/** Reads a request; undefined for anything else. It comes from another process, so nothing in it is believed. */
export function parseRequest(line: string): ControlRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { request, vm } = value as Record<string, unknown>;
  return request === 'descriptors' && typeof vm === 'string' ? { request, vm } : undefined;
}

/** Reads an answer; undefined for anything else. */
export function parseAnswer(line: string): ControlAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const answer = value as Partial<Record<string, unknown>> | null;
  if (answer?.['ok'] === true && Array.isArray(answer['names'])) return value as ControlAnswer;
  if (answer?.['ok'] === false && typeof answer['message'] === 'string') return value as ControlAnswer;
  return undefined;
}
