import type { OptionsSchema, PluginOptions } from 'vfio-compose/plugin';

/** What becomes of guest memory that lies on the window of MSI doorbells. */
export type WindowPolicy = 'refuse' | 'hole' | 'move';

export const optionsSchema: OptionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    msiWindow: {
      enum: ['refuse', 'hole', 'move'],
      default: 'refuse',
      description:
        'Memory on the window of MSI doorbells: refuse the manifest, leave a hole in the memory there, or move what lies there and behind it to the end of the window.',
    },
    nesting: {
      type: 'boolean',
      default: false,
      description: 'Ask for a second stage that the guest manages. Refused, with what it would need.',
    },
  },
};

export interface SmmuOptions {
  readonly msiWindow: WindowPolicy;
  readonly nesting: boolean;
}

/** The options, which have been held against the schema. */
export const smmuOptions = ({ msiWindow, nesting }: PluginOptions): SmmuOptions => ({
  msiWindow: msiWindow === 'hole' || msiWindow === 'move' ? msiWindow : 'refuse',
  nesting: nesting === true,
});
