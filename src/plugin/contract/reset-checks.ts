import type {
  PluginOptions,
  RegisterModel,
  ResetAction,
  ResetMoment,
  ResetPlugin,
  ResetTarget,
} from '../../model/index.ts';
import { RegisterBank } from '../../model/index.ts';
import { runProgram } from '../run-program.ts';
import { equal, frozen } from './equal.ts';
import { madeUpTargets } from './made-up.ts';
import { callTwice } from './pure.ts';
import { obeysNothing, registersOf, setRunning, valuesOf } from './running.ts';
import type { ContractCheck, ContractSubject } from './subject.ts';

const MOMENTS: readonly ResetMoment[] = ['before-use', 'after-use', 'after-crash'];

/** What a plugin said of one device at one moment. */
interface Programs {
  readonly where: string;
  readonly target: ResetTarget;
  readonly quiesce: readonly ResetAction[];
  readonly reset: readonly ResetAction[];
}

/** Everything that a reset plugin has to keep, on devices that are made up for its matches. */
export function resetChecks(subject: ContractSubject, plugin: ResetPlugin, options: PluginOptions): ContractCheck[] {
  const targets = madeUpTargets(plugin).map((target) => frozen(target));
  const impure: string[] = [];
  const programs = targets.flatMap((target) =>
    MOMENTS.map((moment): Programs => {
      const where = `${target.compatible[0] ?? target.device.address}, ${moment}`;
      const ask = (hook: 'quiesce' | 'reset'): readonly ResetAction[] => {
        const { value, failures } = subject.plugins.call(plugin, hook, () =>
          callTwice(() => plugin[hook]?.(target, options, moment) ?? []),
        );
        impure.push(...failures.map((failure) => `${hook} (${where}): ${failure}`));
        return value;
      };
      return { where, target, quiesce: ask('quiesce'), reset: ask('reset') };
    }),
  );
  const check = (name: string, failuresOf: (one: Programs) => readonly string[]): ContractCheck => ({
    name,
    failures: programs.flatMap((one) => failuresOf(one).map((failure) => `${one.where}: ${failure}`)),
  });
  const model = (target: ResetTarget): RegisterModel =>
    subject.plugins.call(plugin, 'model', () => plugin.model?.(target)) ?? new RegisterBank();
  return [
    { name: 'hooks are pure: the same arguments give the same steps, and nothing else is touched', failures: impure },
    check('each access is inside its region, aligned, of a width that it may have, and says why', (one) =>
      [one.quiesce, one.reset].flatMap((program) => subject.faultOfProgram(program, one.target) ?? []),
    ),
    check('quiescing a running device leaves it quiet, by its own read-backs', (one) => {
      const registers = model(one.target);
      setRunning(registers, one.quiesce);
      return [...runProgram(one.quiesce, registers).failures, ...withoutProof(one.quiesce)];
    }),
    check('quiescing notices a device that does not obey', (one) => {
      if (registersOf(one.quiesce).length === 0) return [];
      const registers = model(one.target);
      setRunning(registers, one.quiesce);
      const { failures, warnings } = runProgram(one.quiesce, obeysNothing(registers));
      return failures.length + warnings.length > 0 ? [] : ['every write is lost, and nothing is said of it'];
    }),
    check('quiescing a quiet device changes nothing', (one) => {
      const registers = model(one.target);
      setRunning(registers, one.quiesce);
      runProgram(one.quiesce, registers);
      const before = valuesOf(one.quiesce, registers);
      const { failures } = runProgram(one.quiesce, registers);
      const changed = equal(before, valuesOf(one.quiesce, registers)) ? [] : ['its registers hold something else'];
      return [...failures, ...changed];
    }),
    check('resetting a quiet device works, and leaves it quiet', (one) => {
      const registers = model(one.target);
      setRunning(registers, one.quiesce);
      return [one.quiesce, one.reset, one.quiesce].flatMap((program) => runProgram(program, registers).failures);
    }),
    ...resetLaws(plugin, check, model),
  ];
}

type Check = (name: string, failuresOf: (one: Programs) => readonly string[]) => ContractCheck;

/** What is demanded of `reset`, which comes after `quiesce`. */
function resetLaws(plugin: ResetPlugin, check: Check, model: (target: ResetTarget) => RegisterModel): ContractCheck[] {
  return [
    check('resetting leaves the reset values, or what its read-backs say', (one) => {
      // Without a model of the device there are no reset values to compare with.
      if (plugin.model === undefined || one.reset.length === 0) return [];
      const registers = model(one.target);
      setRunning(registers, one.quiesce);
      runProgram([...one.quiesce, ...one.reset], registers);
      const left = valuesOf(notSaid(one), registers);
      registers.reset();
      return equal(left, valuesOf(notSaid(one), registers)) ? [] : ['a register holds neither'];
    }),
    check('resetting twice is resetting once, each within the time that its steps give the device', (one) => {
      const registers = model(one.target);
      setRunning(registers, one.quiesce);
      runProgram(one.quiesce, registers);
      const first = runProgram(one.reset, registers);
      const before = valuesOf([...one.quiesce, ...one.reset], registers);
      const second = runProgram(one.reset, registers);
      const changed = equal(before, valuesOf([...one.quiesce, ...one.reset], registers))
        ? []
        : ['its registers hold something else'];
      // What only warns on a device in use is a wrong limit on a model, which has no faults.
      return [...[first, second].flatMap(({ failures, warnings }) => [...failures, ...warnings]), ...changed];
    }),
  ];
}

/** The accesses to registers of which the reset itself does not read back what it leaves. */
function notSaid({ quiesce, reset }: Programs): ResetAction[] {
  const said = registersOf(reset.filter(({ kind }) => kind === 'expect' || kind === 'poll'));
  return [...quiesce, ...reset].filter(
    (action) =>
      'register' in action &&
      !said.some(({ region, offset }) => region === action.register.region && offset === action.register.offset),
  );
}

/** R-RESET-4: what is switched off is read back. What the kernel does for a device it proves itself. */
function withoutProof(program: readonly ResetAction[]): string[] {
  const writes = program.some(({ kind }) => kind === 'write' || kind === 'modify');
  const proofs = program.some(({ kind }) => kind === 'expect' || kind === 'poll');
  return writes && !proofs ? ['it writes and reads nothing back (expectClear, pollClear, …)'] : [];
}
