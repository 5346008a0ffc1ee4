import type { StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import type { Handles } from './handles.ts';

/** Of this process, with which the limit goes. A hard limit that was raised is lowered again. */
export function setMemlockLimit(kernel: Kernel, _: Handles, { soft, hard }: StepOf<'set-memlock-limit'>): void {
  kernel.setMemlockLimit(soft, hard);
}

export function createMemfd(kernel: Kernel, handles: Handles, step: StepOf<'create-memfd'>): void {
  handles.setFd(step.handle, kernel.memfdCreate(step.handle, step.pageSize));
}

export function resizeMemfd(kernel: Kernel, handles: Handles, step: StepOf<'resize-memfd'>): void {
  kernel.ftruncate(handles.fd(step.memfd), step.size);
}

export function allocateMemory(kernel: Kernel, handles: Handles, step: StepOf<'allocate-memory'>): void {
  const fd = step.memfd === null ? null : handles.fd(step.memfd);
  // A memfd of huge pages has them already; asking mmap for them again is refused.
  const hugePageSize = fd === null ? step.pageSize : null;
  handles.setAddress(step.handle, kernel.mmap({ length: step.size, hugePageSize, fd }));
}

export function freeMemory(kernel: Kernel, handles: Handles, step: StepOf<'free-memory'>): void {
  kernel.munmap(handles.address(step.memory), step.size);
}

export function createEventfd(kernel: Kernel, handles: Handles, step: StepOf<'create-eventfd'>): void {
  handles.setFd(step.handle, kernel.eventfd());
}

export function close(kernel: Kernel, handles: Handles, step: StepOf<'close'>): void {
  const fd = handles.takeFd(step.handle);
  if (fd !== undefined) kernel.close(fd);
}
