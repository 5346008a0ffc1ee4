import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { packageRoot } from '../../../runtime/package-root.ts';
import { VERSION } from '../../../version.ts';
import { ExitStatus } from '../../exit-status.ts';
import { type Invocation, UsageError } from '../../verb.ts';
import { parseRegister, type WrittenRegister } from './registers.ts';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const COMPATIBLE = /^[\x21-\x7e]+$/;

/** What a device without a data sheet at hand gets: two registers to be replaced. */
const PLACEHOLDERS = ['IRQ_ENABLE=0x00', 'DMA_CONTROL=0x04:RUN@0'];

/** `plugin new reset|iommu NAME`: a package in plain JavaScript that passes `plugin test` as it is. */
export async function newPlugin(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  const [kind, name, ...others] = args;
  if ((kind !== 'reset' && kind !== 'iommu') || name === undefined || others.length > 0) {
    throw new UsageError('plugin new takes the kind, reset or iommu, and a name');
  }
  if (!NAME.test(name)) throw new UsageError(`a name is lower-case words with "-" between them, not "${name}"`);
  const folder = resolve(terminal.cwd, typeof options['dir'] === 'string' ? options['dir'] : `${kind}-${name}`);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new UsageError(`${folder} is not empty`);
  const device = kind === 'reset' ? await aboutDevice(invocation, name) : {};
  const minor = VERSION.split('.').slice(0, 2).join('.');
  await writeTemplate(kind, folder, { name, id: `${kind}-${name}`, minor, ...device });
  const here = relative(terminal.cwd, folder) || '.';
  terminal.err(`Wrote ${here}. "vfio-compose plugin test ${here}" tests it.\n`);
  return ExitStatus.done;
}

/** What the command line says of the device; a person at a terminal is asked for the rest. */
async function aboutDevice(
  { options, terminal }: Invocation,
  name: string,
): Promise<{ compatible: string; registers: readonly WrittenRegister[]; placeholders: boolean }> {
  let compatible = typeof options['compatible'] === 'string' ? options['compatible'] : '';
  if (compatible === '' && terminal.interactive) {
    compatible = await terminal.ask('"compatible" of the device (vendor,device): ');
  }
  if (compatible === '') compatible = `vendor,${name}`;
  if (!COMPATIBLE.test(compatible)) throw new UsageError(`"${compatible}" is no "compatible": it has no spaces`);
  const written = [...(options['register'] as readonly string[])];
  if (written.length === 0 && terminal.interactive) {
    for (;;) {
      const answer = await terminal.ask(
        'Register to switch off, interrupts first: NAME=OFFSET[:BIT@POSITION,...], empty to end: ',
      );
      if (answer === '') break;
      written.push(answer);
    }
  }
  const registers = (written.length > 0 ? written : PLACEHOLDERS).map(parseRegister);
  return { compatible, registers, placeholders: written.length === 0 };
}

/** Fills every template of a kind in: templates/plugin/<kind>/<file>.hbs becomes <file>. */
async function writeTemplate(kind: string, folder: string, values: object): Promise<void> {
  const { default: Handlebars } = await import('handlebars');
  const handlebars = Handlebars.create();
  handlebars.registerHelper({
    bitList: (bits: WrittenRegister['bits']) => bits.map((bit) => `'${bit.name}'`).join(', '),
    mask: (position: number) => (position === 0 ? '1' : `1 << ${position}`),
  });
  const templates = join(packageRoot(), 'templates', 'plugin', kind);
  mkdirSync(folder, { recursive: true });
  for (const template of readdirSync(templates)) {
    // noEscape: what is made is not HTML. strict: a misspelt field fails instead of leaving a hole.
    const fill = handlebars.compile(readFileSync(join(templates, template), 'utf8'), { strict: true, noEscape: true });
    writeFileSync(join(folder, template.replace(/\.hbs$/, '')), fill(values));
  }
}
