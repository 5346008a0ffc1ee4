import { Argument } from 'commander';
import { type Invocation, UsageError, type Verb } from '../verb.ts';

type Action = (invocation: Invocation) => Promise<number>;

/** What can be done with plugins, each in a file of its own. */
const ACTIONS: Readonly<Record<string, () => Promise<Action>>> = {
  list: async () => (await import('./plugin/list.ts')).listPlugins,
  info: async () => (await import('./plugin/info.ts')).showPlugin,
  new: async () => (await import('./plugin/new.ts')).newPlugin,
  test: async () => (await import('./plugin/test.ts')).testPlugin,
};

/** Plugins: which there are, what one is for, a new one, and whether one keeps the contract. */
export const verb: Verb = {
  name: 'plugin',
  summary: 'list plugins, show one, write a new one, test one',
  configure: (command) => {
    command
      .addArgument(new Argument('<action>', 'what to do').choices(Object.keys(ACTIONS)))
      .argument('[words...]', 'info: NAME; new: reset|iommu NAME; test: DIR')
      .option('-o, --output <format>', 'list, info, test: text or json', 'text')
      .option('--dir <directory>', 'new: where to write the plugin; without it, a folder of its name')
      .option('--compatible <string>', 'new reset: the "compatible" of the device')
      .option('--register <definition>', 'new reset: NAME=OFFSET[:BIT@POSITION,...]', collect, []);
  },
  run: async (invocation) => {
    const [action = '', ...args] = invocation.args;
    const load = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!load) throw new UsageError(`say one of ${Object.keys(ACTIONS).join(', ')}`);
    const format = invocation.options['output'];
    if (format !== 'text' && format !== 'json') throw new UsageError(`-o takes text or json, not "${String(format)}"`);
    return (await load())({ ...invocation, args });
  },
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
