import { defineResetPlugin } from 'vfio-compose/plugin';
import { XgbeModel } from './model.ts';
import { QUIESCE, RESET } from './programs.ts';

export default defineResetPlugin({
  name: 'amd-xgbe',
  version: '0.1.0',
  summary: 'Quiesces the 10 Gb/s Ethernet controller of AMD Seattle, then resets PHY and MAC as the kernel does.',
  matches: [{ compatible: 'amd,xgbe-seattle-v1a' }],
  quiesce: () => QUIESCE,
  reset: () => RESET,
  model: () => new XgbeModel(),
});
