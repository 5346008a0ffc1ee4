export { LinuxKernel } from './linux-kernel.ts';
