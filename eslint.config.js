/**
 * Few rules, all of them errors, all obeyed. Formatting is prettier's; what TypeScript already refuses is not repeated.
 */
import { basename } from 'node:path';
import tseslint from 'typescript-eslint';

const TESTS = ['**/*.test.ts', 'test/**', 'src/testing/**'];

/** File names are kebab-case, so that a name reads the same on every file system. */
const kebabCaseFileName = {
  meta: { type: 'problem', schema: [], messages: { name: '{{name}}: file names are kebab-case.' } },
  create: (context) => ({
    Program(node) {
      const name = basename(context.filename);
      if (!/^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(name)) {
        context.report({ node, messageId: 'name', data: { name } });
      }
    },
  }),
};

const NO_DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: a default export has another name in every file that imports it.',
};
const NO_ENUM = { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' };
const NO_EXIT = {
  selector: 'CallExpression[callee.object.name="process"][callee.property.name="exit"]',
  message: 'Only src/cli/main.ts ends the process: anywhere else it would cut off a way back.',
};
const NO_THROW = {
  selector: 'ThrowStatement',
  message: "A user's mistake is a diagnostic, our own goes through invariant().",
};
const NO_MODULE_STATE = [
  {
    selector: 'Program > VariableDeclaration[kind="let"]',
    message: 'No state outside functions: two compilations must not see each other.',
  },
  {
    selector:
      ':matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator > NewExpression[callee.name=/^(Map|Set)$/][arguments.length=0]',
    message: 'No state outside functions: a Map or Set that starts empty is there to be filled.',
  },
];
const NOT_PURE = [
  'process',
  'globalThis',
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'crypto',
  'Buffer',
  'require',
].map((name) => ({
  name,
  message: 'The compiler is pure: it gets all it may know as arguments.',
}));

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.cache/**', 'src/model/generated/**'] },
  {
    files: ['**/*.{ts,js,cjs,mjs}'],
    plugins: { house: { rules: { 'kebab-case-file-name': kebabCaseFileName } } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'house/kebab-case-file-name': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', NO_ENUM, NO_EXIT],
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
    },
  },
  {
    files: ['{src,plugins,scripts,test,bench,examples}/**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    },
  },
  { files: ['*.config.ts'], languageOptions: { parser: tseslint.parser } },
  {
    files: ['src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', NO_ENUM, NO_EXIT, NO_DEFAULT_EXPORT] },
  },
  {
    files: ['src/cli/main.ts'],
    rules: { 'no-restricted-syntax': ['error', NO_ENUM, NO_DEFAULT_EXPORT] },
  },
  {
    files: ['src/{compiler,model}/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-syntax': ['error', NO_ENUM, NO_EXIT, NO_DEFAULT_EXPORT, NO_THROW, ...NO_MODULE_STATE],
      'no-restricted-globals': ['error', ...NOT_PURE],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'The compiler is pure.' }],
    },
  },
  {
    // The two functions that everything else goes through.
    files: ['src/model/invariant.ts'],
    rules: { 'no-restricted-syntax': ['error', NO_ENUM, NO_EXIT, NO_DEFAULT_EXPORT] },
  },
  {
    files: [...TESTS, 'scripts/**', 'bench/**'],
    rules: { 'no-console': 'off', 'max-lines-per-function': 'off' },
  },
  { files: TESTS, rules: { 'max-lines': 'off' } },
  // Programs of their own may end themselves.
  { files: ['scripts/**', 'bench/**', 'test/**'], rules: { 'no-restricted-syntax': ['error', NO_ENUM] } },
);
