import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Job } from '../guest-work.ts';
import { WORK } from './command.ts';

/** What this guest was booted for. */
export const job = (): Job => JSON.parse(readFileSync(path.join(WORK, 'job.json'), 'utf8')) as Job;
