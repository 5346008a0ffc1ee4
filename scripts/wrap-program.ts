import ts from 'typescript';

/**
 * Makes a bundle into one function expression for src/cli/launcher.ts, which hands in what a CommonJS module gets and
 * `importModule` in the place of `import()`: V8 does not know where an `import()` belongs in code that it did not
 * compile itself, and Node 20 then fails with ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING.
 *
 * Throws where the bundle is not ASCII, since the launcher reads it as one byte per character.
 */
export function wrapProgram(bundle: string): string {
  for (let index = 0; index < bundle.length; index++) {
    if (bundle.charCodeAt(index) > 127) throw new Error(`the bundle is not ASCII at ${index}`);
  }
  let wrapped = '';
  let done = 0;
  for (const { start, end } of importKeywords(bundle)) {
    wrapped += `${bundle.slice(done, start)}importModule`;
    done = end;
  }
  wrapped += bundle.slice(done);
  return `(function(exports,require,module,__filename,__dirname,importModule){${wrapped}\n})`;
}

function importKeywords(text: string): { start: number; end: number }[] {
  const source = ts.createSourceFile('program.cjs', text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  const found: { start: number; end: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      found.push({ start: node.expression.getStart(source), end: node.expression.end });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
