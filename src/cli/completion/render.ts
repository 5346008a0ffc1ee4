import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from '../../runtime/package-root.ts';
import type { CommandLine, Completes, DescribedOption, DescribedVerb } from './describe.ts';
import { fishWord, shellWord, zshDescription } from './quote.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** The completion script of a shell for a command line, from templates/completion.<shell>.hbs. */
export function renderCompletion(shell: Shell, commandLine: CommandLine): string {
  const handlebars = Handlebars.create();
  const name = `_${commandLine.name.replace(/\W/g, '_')}`;
  handlebars.registerHelper({
    shellWord,
    fishWord,
    is: (a: unknown, b: unknown) => a === b,
    words: (words: readonly string[]) => words.join(' '),
    flags: (options: readonly DescribedOption[]) => options.flatMap((option) => option.flags).join(' '),
    valueFlags: bashPatterns,
    offer: (value: Completes) => bashOffer(name, value),
    list: (option: DescribedOption) => [option],
    zshSpec,
    zshVerb: ({ name, summary }: DescribedVerb) => shellWord(`${name}:${zshDescription(summary)}`),
    zshArgument: (argument: DescribedVerb['arguments'][number]) =>
      shellWord(`${argument.variadic ? '*' : ''}${zshValue(argument)}`),
    seen: (verb: string) => `__fish_seen_subcommand_from ${verb}`,
    fishOption,
    fishArgument: (argument: Completes) => fishCandidates(argument).join(' '),
  });
  const template = readFileSync(join(packageRoot(), 'templates', `completion.${shell}.hbs`), 'utf8');
  // noEscape: what is made is not HTML. strict: a misspelt field fails instead of leaving a hole.
  return handlebars.compile(template, { strict: true, noEscape: true })({
    ...commandLine,
    function: name,
  });
}

/**
 * Alternatives for bash's `case "$verb $word"`: the flags that take a value. An option of the whole program may stand
 * after any verb or none: its pattern takes every verb.
 */
function bashPatterns(verb: string, options: readonly DescribedOption[]): string {
  return options
    .filter(({ value }) => value)
    .flatMap(({ flags }) => flags)
    .map((flag) => (verb === '*' ? `*${shellWord(` ${flag}`)}` : shellWord(`${verb} ${flag}`)))
    .join(' | ');
}

/** The call that offers candidates, of the functions that the bash script defines. */
function bashOffer(prefix: string, completes: Completes): string {
  switch (completes.kind) {
    case 'nothing':
      return 'return';
    case 'files':
      return `${prefix}_files -f`;
    case 'directories':
      return `${prefix}_files -d`;
    case 'words':
      return `${prefix}_words ${shellWord(completes.words.join(' '))} ''`;
  }
}

/** One option as `_arguments` of zsh wants it. */
function zshSpec(option: DescribedOption): string {
  const text = `[${zshDescription(option.description)}]${option.value ? zshValue(option.value) : ''}`;
  const exclusive = option.repeatable ? '*' : option.flags.length > 1 ? `(${option.flags.join(' ')})` : '';
  return option.flags.map((flag) => shellWord(`${exclusive}${flag}${text}`)).join(' ');
}

function zshValue(value: Completes & { readonly name: string }): string {
  const name = zshDescription(value.name);
  switch (value.kind) {
    case 'nothing':
      return `:${name}: `;
    case 'files':
      return `:${name}:_files`;
    case 'directories':
      return `:${name}:_files -/`;
    case 'words':
      return `:${name}:(${value.words.join(' ')})`;
  }
}

/** One option as `complete` of fish wants it, without the condition. */
function fishOption({ flags, value, description }: DescribedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const values = value ? ['-r', ...fishCandidates(value)] : [];
  return [...names, ...values, '-d', fishWord(description)].join(' ');
}

/** `-F` offers files although `complete -c … -f` took them away. */
function fishCandidates(completes: Completes): string[] {
  switch (completes.kind) {
    case 'nothing':
      return [];
    case 'files':
      return ['-F'];
    case 'directories':
      return ['-a', fishWord('(__fish_complete_directories)')];
    case 'words':
      return ['-a', fishWord(completes.words.join(' '))];
  }
}
