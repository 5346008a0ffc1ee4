import schema from '../../../schema/manifest.schema.json' with { type: 'json' };
import { ExitStatus } from '../exit-status.ts';
import type { Verb } from '../verb.ts';

/** Prints the JSON Schema of manifests, for editors. */
export const verb: Verb = {
  name: 'schema',
  summary: "print the manifest's JSON Schema, for editors",
  configure: () => undefined,
  run: ({ terminal }) => {
    terminal.out(`${JSON.stringify(schema, null, 2)}\n`);
    return Promise.resolve(ExitStatus.done);
  },
};
