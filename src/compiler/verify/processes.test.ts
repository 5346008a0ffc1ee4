import { expect, it } from 'vitest';
import type { Plan, Process } from '../../model/index.ts';
import { sentencesOf } from '../../testing/edited-plan.ts';
import { host, planFor } from '../../testing/index.ts';

const ADDRESS = '0000:31:00.0';
const OTHER = '0000:32:00.0';
const on = host().intelIommu().nic(ADDRESS, { group: 26 }).nic(OTHER, { group: 27 }).build();
const plan = planFor(
  {
    edge: {
      devices: { wan: { pci: ADDRESS, irqs: [{ index: 'msix', count: 1 }] } },
      run: { command: ['/usr/bin/true'], environment: { LEVEL: '1' } },
    },
    other: { devices: { lan: OTHER } },
  },
  on,
);

/** The plan with its process changed. */
function changed(what: Partial<Process>): Plan {
  return { ...plan, processes: (plan.processes ?? []).map((process) => ({ ...process, ...what })) };
}

it('finds nothing in processes that the compiler made', () => {
  expect(plan.processes).toHaveLength(1);
  expect(sentencesOf(plan)).toBe('');
});

it('refuses a second process of a VM, and one of a VM that gets no device', () => {
  expect(sentencesOf({ ...plan, processes: [...(plan.processes ?? []), ...(plan.processes ?? [])] })).toContain(
    'is there twice',
  );
  expect(sentencesOf(changed({ vm: 'nobody' }))).toContain('of a VM that gets no device');
});

it('refuses a program that would be looked up', () => {
  for (const command of [['true'], [''], ['./x'], ['/']]) {
    expect(sentencesOf(changed({ command })), command[0]).toContain('has no absolute path');
  }
});

it.each(['LISTEN_FDS', 'VFIO_COMPOSE_VM'])('refuses a variable that is not the plan’s to set: %s', (name) => {
  expect(sentencesOf(changed({ environment: [{ name, value: 'x' }] }))).toContain(`sets ${name}`);
});

it('refuses descriptors of another VM, of another name, and fewer', () => {
  const words = 'is not given the descriptors of its VM';
  const fds = plan.processes?.[0]?.fds ?? [];
  expect(sentencesOf(changed({ fds: [...fds, { handle: 'container#other', name: 'container#other' }] }))).toContain(
    words,
  );
  expect(sentencesOf(changed({ fds: fds.map((fd) => ({ ...fd, name: 'x' })) }))).toContain(words);
  expect(sentencesOf(changed({ fds: fds.slice(1) }))).toContain(words);
});

it('R-RESET-1: refuses a process whose devices would not be silenced as the way back does it', () => {
  expect(sentencesOf(changed({ silence: [] }))).toContain('does not have its devices silenced');
  expect(sentencesOf(changed({ reconnect: [] }))).toContain('does not have its interrupts connected');
});
