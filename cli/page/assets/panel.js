// The panel beside the map: one instance, as AWS and the swarm have it; or one execution.
import { html, useEffect, useState } from '/htm.js';

import { Machine, Path } from '/pictures.js';
import { MARKS, age, ask, clock, tasksText } from '/words.js';

/** Asks again while it may still change. */
function useAnswer(path, again) {
  const [answer, setAnswer] = useState({ path: '', body: null, problem: null });
  useEffect(() => {
    let over = false;
    let timer;
    const look = async () => {
      try {
        const body = await ask(path);
        if (!over) setAnswer({ path, body, problem: null });
        if (!over && again(body)) timer = setTimeout(look, 2000);
      } catch (error) {
        if (!over) setAnswer({ path, body: null, problem: error.message });
      }
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [path]);
  return answer.path === path ? answer : { path, body: null, problem: null };
}

export function InstancePanel({ one, view, settings, close, openExecution, doAct }) {
  const { body: why, problem } = useAnswer(`/why?instance=${encodeURIComponent(one.id)}`, () => true);
  const { sign } = MARKS[one.mark];
  return html`<aside class="panel" aria-label=${`about ${one.id}`}>
    <header>
      <h2><span class=${`swatch ${one.mark}`} aria-hidden="true">${sign}</span>${one.id}</h2>
      <button type="button" class="close" aria-label="close" onClick=${close}>×</button>
    </header>
    <${Cause} one=${one} why=${why} />
    <${Sides} one=${one} view=${view} />
    ${one.differs !== null && html`<p class="difference"><b>≠ Difference:</b> ${one.differs}</p>`}
    <h3>Story</h3>
    ${problem !== null && html`<p class="problem">${problem}</p>`}
    <ol class="story">
      ${(why?.story ?? []).map((line) => html`<li key=${line}>${line}</li>`)}
    </ol>
    ${
      one.execution !== null &&
      html`<p><button type="button" onClick=${() => openExecution(one.execution)}>Open its execution</button></p>`
    }
    ${settings.lab && settings.changes && html`<${Hands} id=${one.id} doAct=${doAct} />`}
    <h3>Tasks</h3>
    <${Tasks} tasks=${one.tasks} asked=${view.swarmAsked} />
  </aside>`;
}

const Cause = ({ one, why }) =>
  html`<p class="lead">${why?.cause ?? one.differs ?? one.why}</p>
    ${why && why.next !== 'nothing' && html`<p class="next"><b>What to do:</b> ${why.next}</p>`}
    ${one.waitsFor !== null && html`<p class="next"><b>Waits for:</b> ${one.waitsFor}</p>`}`;

const Hands = ({ id, doAct }) =>
  html`<div class="hands" role="group" aria-label="break this machine of the lab">
    <button type="button" class="danger" onClick=${() => doAct({ do: 'kill', instance: id })}>Kill</button>
    <button type="button" onClick=${() => doAct({ do: 'cut', instance: id })}>Cut off</button>
    <button type="button" onClick=${() => doAct({ do: 'heal', instance: id })}>Put back</button>
  </div>`;

const Sides = ({ one, view }) => {
  const rows = [
    ['is', one.lifecycle, one.swarm === null ? (view.swarmAsked ? 'no node' : 'not asked') : one.swarm.status],
    ['machine', one.ec2, one.swarm === null ? '–' : one.swarm.availability],
    ['role', one.role, one.swarm === null ? '–' : (one.swarm.reachability ?? 'worker')],
    ['id', one.id, one.nodeId ?? '–'],
  ];
  return html`<table class=${`sides ${one.differs === null ? '' : 'differs'}`}>
    <thead>
      <tr>
        <td></td>
        <th scope="col">AWS</th>
        <th scope="col">swarm</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ([name, aws, swarm]) =>
          html`<tr key=${name}>
            <th scope="row">${name}</th>
            <td>${aws}</td>
            <td>${swarm}</td>
          </tr>`,
      )}
      <tr>
        <th scope="row">skep</th>
        <td colspan="2">${one.phase}</td>
      </tr>
    </tbody>
  </table>`;
};

export function Tasks({ tasks, asked }) {
  if (!asked) {
    return html`<p class="quiet">Not known: skep keeps no tasks, and this page asks no node.</p>`;
  }
  if (tasks.length === 0) {
    return html`<p class="quiet">None.</p>`;
  }
  return html`<ul class="tasks" aria-label=${tasksText(tasks)}>
    ${tasks.map(
      ({ id, service, state, error }) =>
        html`<li key=${id} class=${state === 'running' ? 'runs' : 'waits'}>
          <b>${service}</b> ${state}${error === '' ? '' : `: ${error}`}
        </li>`,
    )}
  </ul>`;
}

const lasted = ({ status, started, stopped }) =>
  `${status}, started at ${clock(started)}${stopped === null ? '' : `, ended after ${age(stopped - started)}`}`;

export function ExecutionPanel({ arn, now, close }) {
  const { body, problem } = useAnswer(`/execution?arn=${encodeURIComponent(arn)}`, (one) => one.status === 'RUNNING');
  return html`<aside class="panel wide" aria-label="one execution">
    <header>
      <h2>${body === null ? 'Execution' : body.machine}</h2>
      <button type="button" class="close" aria-label="close" onClick=${close}>×</button>
    </header>
    ${problem !== null && html`<p class="problem">${problem}</p>`}
    ${
      body !== null &&
      html`<p class="lead execution-status">${lasted(body)}</p>
        ${body.problem !== null && html`<p class="problem">${body.problem}</p>`}
        <${Machine} picture=${body.picture} path=${body.path} running=${body.status === 'RUNNING'} />
        <h3>Its way</h3>
        <${Path} path=${body.path} now=${now} />
        <p class="quiet arn">${arn}</p>`
    }
  </aside>`;
}
