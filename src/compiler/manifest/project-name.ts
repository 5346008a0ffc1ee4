const LEGAL = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Whether a project may have this name. */
export const isProjectName = (name: string): boolean => LEGAL.test(name);

/** A name for a project in a directory of this name. */
export function legalProjectName(directory: string): string {
  const name = directory
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return name === '' ? 'project' : name;
}
