/** A word as one argument in bash and zsh, whatever is in it. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A word as one argument in fish, where a backslash escapes inside single quotes too. */
export const fishWord = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Text for the description in a zsh `_arguments` spec, where `[`, `]`, `:` and `\` mean something. */
export const zshDescription = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&');
