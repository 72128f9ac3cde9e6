// A step in which EC2 takes spot instances back: it says so, and two minutes later they are gone, whatever anybody does.
import { present, runningOn } from './chosen.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { StepFailed } from './step-failed.ts';

type Interruption = Extract<PlainStep, { readonly interrupt: unknown }>['interrupt'];

/** From the notice, ms. */
const NOTICE = 120_000;

export async function interrupt(run: ScenarioRun, step: Interruption): Promise<void> {
  const { lab, say } = run;
  const chosen = await choose(run, step);
  say(`EC2 takes ${chosen.length} of ${step.group} back, ${step.notice ? 'and says so' : 'without a word'}`);
  for (const instanceId of chosen) {
    if (step.notice) {
      lab.ec2.warn(instanceId, step.action);
    }
    lab.clock.schedule(NOTICE, () => {
      lab.ec2.takeBack(instanceId, step.action);
    });
  }
}

async function choose(run: ScenarioRun, step: Interruption): Promise<string[]> {
  const { group, count, share, running, youngest, leaving } = step;
  if (running !== undefined) {
    return [await runningOn(run, group, running)];
  }
  const all = [...run.lab.autoScaling.group(group).members.values()];
  const members = (leaving ? all.filter((one) => !present([one]).includes(one)) : present(all)).map(
    ({ instanceId }) => instanceId,
  );
  const wanted = share === undefined ? (count ?? 1) : Math.ceil(members.length * share);
  if (members.length < wanted) {
    throw new StepFailed(`group ${group} has ${members.length} such instances, not ${wanted}`);
  }
  return youngest ? members.slice(-wanted) : members.slice(0, wanted);
}
