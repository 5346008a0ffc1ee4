import { compatibleOf } from './compatible.ts';
import { stringOf } from './cells.ts';
import type { DeviceTreeNode } from '../model/index.ts';

export type Trigger = 'edge-rising' | 'edge-falling' | 'edge-both' | 'level-high' | 'level-low' | 'unknown';

/** What a controller makes of a specifier. */
export interface InterruptLine {
  /** Its number at the controller, as `/proc/interrupts` shows it; null where only the driver of the controller knows. */
  readonly hwirq: number | null;
  readonly trigger: Trigger;
}

const GIC_V3: ReadonlySet<string> = new Set(['arm,gic-v3']);
/** The compatibles of drivers/irqchip/irq-gic.c. */
const GIC_V2: ReadonlySet<string> = new Set([
  'arm,gic-400',
  'arm,arm11mp-gic',
  'arm,arm1176jzf-devchip-gic',
  'arm,cortex-a15-gic',
  'arm,cortex-a9-gic',
  'arm,cortex-a7-gic',
  'qcom,msm-8660-qgic',
  'qcom,msm-qgic2',
  'arm,pl390',
  'arm,tc11mp-gic',
  'arm,eb11mp-gic',
]);
const OPEN_PIC: ReadonlySet<string> = new Set(['open-pic', 'chrp,open-pic', 'fsl,mpic']);
const I8259: ReadonlySet<string> = new Set(['chrp,iic']);

/** Reads a specifier as the controller's driver would. */
export function readSpecifier(controller: DeviceTreeNode, specifier: readonly number[]): InterruptLine {
  const compatible = compatibleOf(controller);
  const is = (family: ReadonlySet<string>): boolean => compatible.some((entry) => family.has(entry));
  if (is(GIC_V3)) return gic(specifier, GIC_V3_BASES);
  if (is(GIC_V2)) return gic(specifier, GIC_V2_BASES);
  if (is(OPEN_PIC) || stringOf(controller, 'device_type') === 'open-pic') return openPic(specifier);
  if (is(I8259)) return i8259(specifier);
  return plain(specifier);
}

/** First number of each kind of interrupt by the first cell: SPI, PPI, and in version 3 extended SPI and PPI. */
const GIC_V2_BASES: readonly number[] = [32, 16];
const GIC_V3_BASES: readonly number[] = [32, 16, 4096, 1056];

/** gic_irq_domain_translate in drivers/irqchip/irq-gic.c and irq-gic-v3.c. */
function gic(specifier: readonly number[], bases: readonly number[]): InterruptLine {
  const [type = 0, number = 0, flags] = specifier;
  const base = bases[type];
  if (flags === undefined || base === undefined) return { hwirq: null, trigger: 'unknown' };
  return { hwirq: base + number, trigger: irqType(flags) };
}

/**
 * mpic_host_xlate in arch/powerpc/sysdev/mpic.c: the second cell is the sense. With four cells the third says what the
 * first counts: 0 a source, 1 an error bit of a shared source (the fourth cell), 2 an IPI, 3 a timer; the vectors of the
 * last three are the driver's choice.
 */
function openPic([source = 0, sense, type = 0]: readonly number[]): InterruptLine {
  const trigger = sense === undefined ? 'unknown' : (MPIC_SENSES[sense & 3] ?? 'unknown');
  return { hwirq: type === 0 ? source : null, trigger };
}

const MPIC_SENSES: readonly Trigger[] = ['edge-rising', 'level-low', 'level-high', 'edge-falling'];

/** i8259_host_xlate in arch/powerpc/sysdev/i8259.c. */
function i8259(specifier: readonly number[]): InterruptLine {
  const [line, sense = 4] = specifier;
  return { hwirq: line ?? null, trigger: ISA_SENSES[sense] ?? 'unknown' };
}

const ISA_SENSES: readonly Trigger[] = ['level-low', 'level-high', 'edge-falling', 'edge-rising'];

/** irq_domain_xlate_onecell and _twocell in kernel/irq/irqdomain.c, which most other controllers use. */
function plain(specifier: readonly number[]): InterruptLine {
  const [line, flags] = specifier;
  if (line === undefined || specifier.length > 2) return { hwirq: null, trigger: 'unknown' };
  return { hwirq: line, trigger: flags === undefined ? 'unknown' : irqType(flags) };
}

/** IRQ_TYPE_* of include/linux/irq.h. */
function irqType(flags: number): Trigger {
  switch (flags & 0xf) {
    case 1:
      return 'edge-rising';
    case 2:
      return 'edge-falling';
    case 3:
      return 'edge-both';
    case 4:
      return 'level-high';
    case 8:
      return 'level-low';
    default:
      return 'unknown';
  }
}
