import { defineIommuPlugin } from 'vfio-compose/plugin';
import { entryOf, identify, NAME } from './backend.ts';
import { describe } from './describe.ts';
import { LAWS } from './laws/index.ts';
import { simulate } from './simulation/backend.ts';
import { complete, configure, mappings } from './steps.ts';

const SIZE = {
  type: ['string', 'integer'],
  description: 'A number of bytes, as sizes and addresses of the manifest: 4GiB, 0x80000000.',
};

/** Freescale's window-based IOMMU, behind the VFIO that vendors' kernels had for it. README.md says which. */
export default defineIommuPlugin({
  name: NAME,
  version: '0.1.0',
  summary: "Freescale's PAMU: an aperture cut into windows, with room for MSI banks; on vendors' kernels only",
  models: [{ name: NAME, extension: null }],
  isolates: true,
  modules: [{ module: 'vfio_iommu_fsl_pamu', why: 'gives VFIO the windows of the PAMU' }],
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      aperture: {
        type: 'object',
        description: 'The aperture, instead of the smallest that does.',
        additionalProperties: false,
        required: ['size'],
        properties: { start: { ...SIZE, default: 0 }, size: SIZE },
      },
      windows: {
        type: 'integer',
        minimum: 1,
        maximum: 65_536,
        description: 'How many windows it is cut into, instead of as few as do.',
      },
    },
  },
  laws: LAWS,
  claims: (host) => ('backend' in identify(host) ? 'exact' : 'none'),
  backend: entryOf,
  configure,
  mappings,
  complete,
  describe,
  simulate,
});
