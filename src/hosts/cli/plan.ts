import { relative } from 'node:path';
import { stages as entries } from '../../catalog.ts';
import { EXIT, inOrder } from '../../kernel/flow.ts';
import type { StageRecord } from '../../kernel/record.ts';
import { type Plan, plan as planOf } from '../../pipeline/plan.ts';
import { completeInputs } from '../../pipeline/resolve.ts';
import { configurationForKey } from '../../pipeline/resolved.ts';
import type { Registry } from '../../providers/registries/registry.ts';
import type { Loaded } from '../loaded-pipeline.ts';
import { runAlone } from '../run-alone.ts';
import type { Arguments } from './arguments.ts';
import type { Door, Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { loadPipeline, PIPELINE_OPTIONS } from './load-pipeline.ts';
import { openRegistry, warnUnreadable } from './place.ts';
import { makeHome } from './run.ts';
import { missedHere, missedText, nextDates, nextText, scheduleOf } from './schedule.ts';
import { terminalView } from './terminal-view.ts';
import { textTable } from './text-table.ts';

const GATE_SECONDS = 120;

export const plan: Verb = {
  name: 'plan',
  summary: 'Say what a run would do now: which stages, which gates, what it reads and writes. Changes nothing.',
  usage: 'FILE',
  arguments: 1,
  options: [
    ...PIPELINE_OPTIONS,
    { name: 'force', text: 'Plan a run that trains although nothing is new.' },
    { name: 'json', text: 'Print JSON for programs.' },
  ],
  async run(args, door) {
    const loaded = await loadPipeline(args.positional[0], undefined, args, door);
    await makeHome(loaded.home);
    const registry = await openRegistry(loaded.resolved.shared, loaded.home, loaded.base, door);
    const champion = await registry.find(loaded.model, 'champion', door.signal);
    const gate = await lookThroughGate(loaded, args, door);
    const verdict = gate.verdict;
    const found = planOf(loaded.resolved, stagesInOrder(loaded), {
      ...(champion && { champion: { version: champion.version } }),
      ...(await knownOf(gate, registry, loaded.model, door)),
      force: args.flag('force'),
      ...(typeof gate.outputs.machine === 'string' && { machine: gate.outputs.machine }),
      ...(door.env.GOOGLE_CLOUD_REGION && { region: door.env.GOOGLE_CLOUD_REGION }),
      hosted: door.env.GITHUB_ACTIONS === 'true',
      home: relative(door.cwd, loaded.home) || '.',
      registry: registry.uri,
    });
    const schedule = scheduleOf(loaded);
    const ticks = schedule && {
      next: nextDates(schedule, door.clock()),
      missed: await missedHere(schedule, loaded, door, warnUnreadable(door)),
    };
    if (args.flag('json')) door.out.write(jsonText({ ...found, schedule: ticks }));
    else {
      if (verdict && verdict.kind !== 'passed') door.out.write(`gate: ${verdict.reason.text}\n\n`);
      print(found, door);
      if (ticks) door.out.write(`\n${nextText(ticks.next)}\n`);
      if (schedule && schedule['catch-up'] !== 'none') door.out.write(`${missedText(loaded.model, ticks!.missed)}\n`);
    }
    return EXIT.fine;
  },
};

const stagesInOrder = ({ resolved, stages }: Loaded): Loaded['stages'] =>
  Object.fromEntries(inOrder(entries, resolved.stages.register?.inputs.when).map(({ name }) => [name, stages[name]!]));

/** The gate only looks, so the plan asks it. */
async function lookThroughGate(loaded: Loaded, args: Arguments, door: Door): Promise<StageRecord> {
  const entry = entries.find(({ name }) => name === 'gate')!;
  const stage = await entry.load();
  const config = Object.fromEntries(['source'].map((key) => [key, loaded.resolved.stages['fetch-data']?.inputs[key]]));
  const training = loaded.resolved.stages.train?.inputs ?? {};
  const filled = {
    ...config,
    trainer: training.trainer,
    command: training.command,
    python: training.python,
    device: training.device,
    backend: training.backend,
    machine: training.machine,
    image: training.image,
    by: loaded.resolved.stages.promote?.inputs.by,
    configuration: configurationForKey(loaded.resolved).sha256,
    force: args.flag('force'),
    'on-same-key': (loaded.resolved.shared.run as { 'on-same-key'?: string } | undefined)?.['on-same-key'],
  };
  const complete = completeInputs(stage, loaded.resolved.stages.gate?.inputs ?? {}, filled);
  if (complete.kind === 'invalid')
    throw new RangeError(`The gate's inputs are incomplete: ${complete.problems.map(({ message }) => message).join(' ')}`);
  const request = {
    ...door,
    home: loaded.home,
    base: loaded.base,
    model: loaded.model,
    shared: loaded.resolved.shared,
    inputs: complete.inputs,
    timeoutSeconds: GATE_SECONDS,
  };
  return runAlone(entry, request, terminalView({ ...door.err, write: () => undefined }, { verbose: false }), async (record) => record);
}

async function knownOf(gate: StageRecord, registry: Registry, model: string, door: Door) {
  if (gate.verdict?.kind !== 'skipped' || !gate.verdict.reason.code.startsWith('already-')) return {};
  const state = await registry.state(model, door.signal);
  const known = state.source && state.outcomes[state.source.key];
  return known ? { known } : {};
}

function print(found: Plan, door: Door): void {
  const stages = new Set(found.stages.map(({ name }) => name));
  // What one stage hands the next is the same in every run; here only what lies outside.
  const outside = (names: readonly string[]) => names.filter((name) => !stages.has(name.split('.')[0] ?? '')).join(', ');
  door.out.write(
    textTable(
      ['stage', 'will', 'why'],
      found.stages.map((stage, index) => {
        const why = stage.reason?.text ?? stage.summary;
        const before = found.stages.slice(0, index).some(({ will, reason }) => will === 'skip' && reason?.text === why);
        return [stage.name, stage.will, stage.will === 'skip' && before ? 'for the same reason' : why];
      }),
    ),
  );
  door.out.write(
    `\n${textTable(
      ['stage', 'reads', 'writes'],
      found.stages
        .map((stage) => [stage.name, outside(stage.reads), outside(stage.writes)])
        .filter(([, reads, writes]) => reads !== '' || writes !== ''),
    )}`,
  );
  if (found.gates.length > 0)
    door.out.write(
      `\n${textTable(
        ['gate', 'threshold', 'of stage', 'judged'],
        found.gates.map((gate) => [gate.name, gate.threshold, gate.stage, gate.judged ?? '']),
      )}`,
    );
  for (const warning of found.warnings) door.out.write(`\nWarning: ${warning.text}\n`);
}
