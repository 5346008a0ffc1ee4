import { defineDiagnostic } from '../../model/index.ts';

export const yamlSyntax = defineDiagnostic({
  code: 'yaml-syntax',
  severity: 'error',
  category: 'manifest',
  summary: 'The text is not valid YAML',
  explanation: `A manifest is one document of [YAML 1.2](https://yaml.org/spec/1.2.2/). The position is the one where reading became impossible;
the slip is often on the line before it.

Usual causes:

- a tab in the indentation: YAML allows spaces only;
- keys of one map that do not begin in the same column;
- an unquoted value that begins with \`@\`, \`\` \` \`\`, \`%\`, \`&\`, \`*\`, \`!\`, \`{\` or \`[\`: put it in quotes;
- an unquoted \`\${NAME}\` inside \`{ }\` or \`[ ]\`, where its brace ends the map: put it in quotes;
- a key that is not plain text, a tag such as \`!!binary\`, or a document in another version of YAML.`,
});

export const duplicateKey = defineDiagnostic({
  code: 'duplicate-key',
  severity: 'error',
  category: 'manifest',
  summary: 'A key is given twice in the same map',
  explanation: `YAML demands that the keys of a map differ ([1.2.2, 3.2.1.1](https://yaml.org/spec/1.2.2/#nodes)). Many readers silently keep the last
value; here, the device that was meant by the first one would be left out of the plan without a word.

Remove or rename one of the two. To override a value on purpose, put it into a second file: \`-f base.yaml -f site.yaml\`. A key that
comes from a merge (\`<<: *defaults\`) may be given again: the map's own key wins.`,
});

export const severalDocuments = defineDiagnostic({
  code: 'several-documents',
  severity: 'error',
  category: 'manifest',
  summary: 'The file holds more than one YAML document',
  explanation: `A manifest is one document. Everything after a second \`---\` would have to be ignored or guessed at.

Put each document into a file of its own, and name the files with \`-f\` (later ones override earlier ones) or with \`include\`.`,
});

export const badAlias = defineDiagnostic({
  code: 'bad-alias',
  severity: 'error',
  category: 'manifest',
  summary: 'An alias or merge key cannot be followed',
  explanation: `An alias (\`*name\`) stands for what the nearest anchor (\`&name\`) before it marks, in the same file. It cannot stand for something that it is
itself a part of. A merge key (\`<<\`) takes a map, or a list of maps; keys of the map that holds it win over merged ones, and earlier
maps of the list over later ones.`,
});

export const tooLarge = defineDiagnostic({
  code: 'manifest-too-large',
  severity: 'error',
  category: 'manifest',
  summary: 'The manifest is larger than allowed',
  explanation: `Size, depth and the growth by aliases are limited, so that a broken or hostile file cannot exhaust the machine that
reads it: 8 MiB of text in a file, 32 MiB in all files, 64 KiB in one value, 64 levels, one thousand files (16 in a row),
one million values added by aliases, and 32 MiB of values that variables were put into.

Manifests that hit a limit are nearly always a mistake, such as another program's output. A list of very many mappings can be spread
over several files with \`include\` and several VMs.`,
});
