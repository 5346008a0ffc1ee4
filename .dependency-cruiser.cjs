/** The directions in which imports may go: DESIGN in ARCHITECTURE.md. Each rule has a planted violation in test/boundaries.test.ts. */
'use strict';

const TEST = '\\.test\\.ts$';
const npm = (...names) => `(^|node_modules/)(${names.join('|')})(/|$)`;
/** Everything that is not one of these. */
const others = (...allowed) => ({ pathNot: allowed });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'model-imports-nothing',
      comment: 'The vocabulary stands on nothing, so that everything can stand on it.',
      severity: 'error',
      from: { path: '^src/model/', pathNot: [TEST, '^src/model/generated/'] },
      to: others('^src/model/', npm('fastest-levenshtein')),
    },
    {
      name: 'generated-imports-only-ajv',
      comment: 'The compiled validators need a helper of ajv and nothing else.',
      severity: 'error',
      from: { path: '^src/model/generated/' },
      to: others('^src/model/', npm('ajv')),
    },
    {
      name: 'compiler-is-pure',
      comment:
        'Text and inventory in, plan out: no node built-in, no native code, no other part of the house but the model.',
      severity: 'error',
      from: { path: '^src/compiler/', pathNot: TEST },
      to: others(
        '^src/compiler/',
        '^src/devicetree/',
        '^src/model/',
        '^schema/',
        npm('yaml', 'ajv', 'fastest-levenshtein'),
      ),
    },
    {
      name: 'devicetree-is-pure',
      comment: 'Bytes in, tree and answers out: it is read by the compiler, the runtime and the views alike.',
      severity: 'error',
      from: { path: '^src/devicetree/', pathNot: TEST },
      to: others('^src/devicetree/', '^src/model/'),
    },
    {
      name: 'rules-are-independent',
      comment: 'A law can be read, tested and removed alone. What several share lies in a folder below rules/.',
      severity: 'error',
      from: {
        path: '^src/compiler/rules/[^/]+\\.ts$',
        pathNot: [TEST, '^src/compiler/rules/(index|rule|table)\\.ts$'],
      },
      to: { path: '^src/compiler/rules/[^/]+\\.ts$', pathNot: '^src/compiler/rules/rule\\.ts$' },
    },
    {
      name: 'one-native-door',
      comment: 'Native calls go through the Kernel port; only its Linux implementation makes them.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/runtime/kernel/linux/' },
      to: { path: npm('koffi') },
    },
    {
      name: 'file-system-doors',
      comment: 'Files and processes are touched by the runtime and the command line only.',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/(runtime|cli|testing)/'] },
      to: { path: '^(node:)?(fs|fs/promises|child_process|worker_threads|net|http|https)$' },
    },
    {
      name: 'executor-decides-nothing',
      comment: 'The executor walks a plan. If it needs a stage of the compiler, the plan lacks a step.',
      severity: 'error',
      from: { path: '^src/runtime/executor/', pathNot: TEST },
      to: { path: '^src/(compiler|render|cli)/' },
    },
    {
      name: 'runtime-looks-down',
      comment: 'cli -> runtime -> compiler -> model.',
      severity: 'error',
      from: { path: '^src/runtime/', pathNot: TEST },
      to: { path: '^src/(cli|render|plugin)/' },
    },
    {
      name: 'render-reads-the-model',
      comment: 'A view of a plan or an inventory needs only what they are.',
      severity: 'error',
      from: { path: '^src/render/', pathNot: TEST },
      to: others('^src/(render|devicetree|model)/', npm('handlebars', 'cli-table3', 'picocolors', 'yaml')),
    },
    {
      name: 'plugin-api-is-pure',
      comment:
        'What plugin authors import must not drag the compiler or the runtime in: the vocabulary, and how to read a device tree.',
      severity: 'error',
      from: { path: '^src/plugin/', pathNot: TEST },
      to: others('^src/(plugin|devicetree|model)/'),
    },
    {
      name: 'plugins-see-the-api-only',
      comment: 'A plugin returns steps; it has no business with files, native code, our insides or another plugin.',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/', pathNot: TEST },
      to: others('^plugins/$1/', '^src/plugin/', npm('vfio-compose')),
    },
    {
      name: 'core-names-no-plugin',
      comment: 'Plugins are found by name at run time: a new one changes no file of ours.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^plugins/' },
    },
    {
      name: 'no-test-code-in-src',
      comment: 'What ships does not know its tests.',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/testing/'] },
      to: { path: [TEST, '^src/testing/', '^test/'] },
    },
    {
      name: 'no-dev-dependency-in-src',
      comment: 'What ships runs without the development dependencies.',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/testing/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circular',
      comment:
        'A cycle has no first part to read. What is left out are types that define each other as what they stand for does: a resolved VM has its plugin, whose hooks get a resolved VM.',
      severity: 'error',
      from: { pathNot: '^src/model/(resolved|plugin/(plugin|iommu-plugin|reset-plugin))\\.ts$' },
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'The module does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Type-only imports are dependencies too: they say who must know whom.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.cts', '.d.cts', '.js', '.cjs', '.json'],
    },
  },
};
