/** Documentation that follows from the sources. Grows with the manifest reference and the pages by error code. */
export async function generatedDocs(_root: string): Promise<Map<string, string>> {
  return new Map();
}
