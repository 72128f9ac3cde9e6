// The page: it takes frames from the server, keeps the instances by their ids, and draws what has changed.
import { html, render, useEffect, useMemo, useState } from '/htm.js';

import { Legend, Map_, Table } from '/map.js';
import { ExecutionPanel, InstancePanel, Tasks } from '/panel.js';
import { Timeline } from '/pictures.js';
import { LEVELS, act, age, ask, clock } from '/words.js';

/** A view as the last frame left it. The list is a new one with each frame; an instance is a new object only where it changed. */
function applied(view, { head, whole, instances, gone }) {
  const byId = whole ? new Map() : new Map(view.byId);
  for (const one of instances) byId.set(one.id, one);
  for (const id of gone) byId.delete(id);
  return { ...head, byId };
}

const nothing = { settings: null, view: null, lost: false, heardAt: 0 };

function App() {
  const [state, setState] = useState(nothing);
  const [hash, setHash] = useState(decodeURIComponent(location.hash.slice(1)));
  useEffect(() => {
    void ask('/settings').then((settings) => setState((old) => ({ ...old, settings })));
    const frames = new EventSource('/frames');
    frames.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      setState((old) => ({ ...old, view: applied(old.view, frame), lost: false, heardAt: performance.now() }));
    };
    frames.onerror = () => setState((old) => ({ ...old, lost: true }));
    const turned = () => setHash(decodeURIComponent(location.hash.slice(1)));
    addEventListener('hashchange', turned);
    return () => {
      frames.close();
      removeEventListener('hashchange', turned);
    };
  }, []);
  const { view, settings, lost } = state;
  if (view === null || settings === null) {
    return html`<p class="waiting">Looking at the cluster …</p>`;
  }
  return html`<${Page} view=${view} settings=${settings} lost=${lost} hash=${hash} />`;
}

const open = (what) => {
  location.hash = what;
};

function Page({ view, settings, lost, hash }) {
  const [said, setSaid] = useState({ text: '', bad: false });
  const doAct = async (what) => {
    try {
      const { told, execution } = await act(what);
      setSaid({ text: told, bad: false });
      if (execution !== undefined && what.do !== 'plan') open(execution);
    } catch (error) {
      setSaid({ text: error.message, bad: true });
    }
  };
  const chosen = view.byId.get(hash);
  useEffect(() => {
    const key = (event) => {
      if (event.key === 'Escape') open('');
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);
  useEffect(() => {
    document.title = `${view.cluster}: ${view.level}`;
  }, [view.cluster, view.level]);
  return html`
    <a class="skip" href="#map">To the map</a>
    <${Top} view=${view} settings=${settings} lost=${lost} />
    <main class=${chosen !== undefined || hash.startsWith('arn:') ? 'with-panel' : ''}>
      <div class="main">
        <${Verdict} view=${view} />
        <div class="two">
          <${History} view=${view} />
          <${Next} view=${view} settings=${settings} doAct=${doAct} said=${said} />
        </div>
        <${Instances} view=${view} settings=${settings} hash=${hash} doAct=${doAct} />
        <${Services} view=${view} />
      </div>
      ${
        chosen !== undefined &&
        html`<${InstancePanel}
          key=${chosen.id}
          one=${chosen}
          view=${view}
          settings=${settings}
          close=${() => open('')}
          openExecution=${open}
          doAct=${doAct}
        />`
      }
      ${hash.startsWith('arn:') && html`<${ExecutionPanel} key=${hash} arn=${hash} now=${view.at} close=${() => open('')} />`}
    </main>
  `;
}

function Instances({ view, settings, hash, doAct }) {
  const [asTable, setAsTable] = useState(false);
  const [dense, setDense] = useState(view.byId.size > 300);
  const [wanted, setWanted] = useState('');
  const shown = useMemo(() => filtered([...view.byId.values()], wanted), [view, wanted]);
  return html`<section id="map" aria-label="groups, zones, instances and nodes">
    <div class="bar">
      <h2>Instances and nodes</h2>
      <${Legend} />
      <label class="find"
        >Find <input type="search" value=${wanted} onInput=${(event) => setWanted(event.target.value)}
      /></label>
      <label
        ><input type="checkbox" checked=${dense} onChange=${(event) => setDense(event.target.checked)} /> small</label
      >
      <span class="switch" role="group" aria-label="how it is shown">
        <button type="button" aria-pressed=${!asTable} onClick=${() => setAsTable(false)}>Map</button>
        <button type="button" aria-pressed=${asTable} onClick=${() => setAsTable(true)}>Table</button>
      </span>
    </div>
    ${
      asTable
        ? html`<${Table} shown=${shown} chosen=${hash} choose=${open} />`
        : html`<${Map_}
            view=${view}
            shown=${shown}
            chosen=${hash}
            dense=${dense}
            choose=${open}
            may=${settings.changes}
            scale=${(group, desired) => doAct({ do: 'scale', group, desired })}
          />`
    }
    ${wanted !== '' && html`<p class="quiet">${shown.length} of ${view.byId.size} shown</p>`}
  </section>`;
}

const filtered = (all, wanted) => {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? all : all.filter((one) => words.every((word) => textOf(one).includes(word)));
};

const textOf = ({ id, group, zone, role, lifecycle, phase, mark, nodeId, tasks, differs }) =>
  [id, group, zone, role, lifecycle, phase, mark, nodeId ?? '', differs ?? '', ...tasks.map(({ service }) => service)]
    .join(' ')
    .toLowerCase();

/** After so many of its own ages a source is old: what is shown of it is pale. Seconds. */
const OLD = { 'last tidy': 1800, hooks: 90 };

const Top = ({ view, settings, lost }) =>
  html`<header class="top">
    <img src="/icon.svg" alt="" width="22" height="22" />
    <h1>${view.cluster}</h1>
    <span class="where">${view.where}</span>
    <span class=${`mode ${settings.changes ? 'changes' : ''}`}
      >${settings.lab ? 'lab' : settings.changes ? 'changes allowed' : 'only shows'}</span
    >
    <ul class="sources" aria-label="how old the word of each source is">
      ${lost && html`<li class="old">no connection: what you see is old</li>`}
      ${view.sources.map(({ name, at, problem }) => {
        const old = problem !== null || at === null || view.at - at > (OLD[name] ?? 20);
        const text = at === null ? 'never' : age(view.at - at);
        return html`<li key=${name} class=${old ? 'old' : ''} title=${problem ?? ''}>
          ${name} ${text}${problem === null ? '' : ' ⚠'}
        </li>`;
      })}
    </ul>
  </header>`;

function Verdict({ view }) {
  const { sign, word } = LEVELS[view.level] ?? LEVELS.unknown;
  const { quorum } = view;
  return html`<section class=${`verdict ${view.level}`} aria-label="verdict">
    <p class="level" role="status">
      <span class="sign" aria-hidden="true">${sign}</span> <b>${word}</b>
      ${view.since !== null && html`<span class="since">since ${clock(view.since)}</span>`}
      <span class="quorum">${quorumText(quorum)}</span>
    </p>
    ${
      view.reasons.length > 0 &&
      html`<ul>
        ${view.reasons.map(
          ({ name, what, next }) =>
            html`<li key=${name + what}><b>${name}</b> ${what} <span class="todo">What to do: ${next}</span></li>`,
        )}
      </ul>`
    }
  </section>`;
}

function quorumText(quorum) {
  if (quorum === null) {
    return 'no manager yet';
  }
  const { managers, reachable, needed, mayLose, by } = quorum;
  const margin = mayLose < 0 ? 'the quorum is lost' : mayLose === 0 ? 'it may lose none' : `it may lose ${mayLose}`;
  return `${reachable} of ${managers} managers reachable, ${needed} needed: ${margin} (by ${by})`;
}

const History = ({ view }) =>
  html`<section class="history" aria-label="wanted and there">
    <h2>Wanted and there</h2>
    <${Timeline} points=${view.points} />
    <div class="scrolls log" tabindex="0" role="region" aria-label="what has changed">
      <table>
        <tbody>
          ${
            view.changes.length === 0 &&
            html`<tr>
              <td class="quiet">nothing has changed since this page was opened</td>
            </tr>`
          }
          ${view.changes.map(
            ({ at, about, what }, index) =>
              html`<tr key=${`${at} ${about} ${index}`}>
                <td>${clock(at)}</td>
                <th scope="row">${about === '' ? view.cluster : about}</th>
                <td>${what}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;

const Next = ({ view, settings, doAct, said }) =>
  html`<section class="next-tidy" aria-label="what a tidy would do">
    <h2>What a tidy would do</h2>
    <div class="buttons">
      <button type="button" onClick=${() => doAct({ do: 'plan' })}>Ask</button>
      ${settings.changes && html`<button type="button" onClick=${() => doAct({ do: 'tidy' })}>Tidy</button>`}
      ${settings.changes && html`<button type="button" onClick=${() => doAct({ do: 'rebalance' })}>Rebalance</button>`}
      ${settings.changes && settings.lab && html`<button type="button" onClick=${() => doAct({ do: 'drop' })}>Lose the next event</button>`}
    </div>
    <p class=${`said ${said.bad ? 'bad' : ''}`} role="status">${said.text}</p>
    <${Planned} planned=${view.planned} now=${view.at} />
  </section>`;

function Planned({ planned, now }) {
  if (planned === null) {
    return html`<p class="quiet">Nobody has asked yet. It is a tidy that only looks: it changes nothing.</p>`;
  }
  const rows = [...planned.repairs, ...planned.reports.map((one) => ({ kind: 'only told', ...one }))];
  return html`<p class="quiet">as of ${clock(planned.at)}, ${age(now - planned.at)} ago</p>
    ${rows.length === 0 && html`<p>Nothing: all is as it should be.</p>`}
    ${
      rows.length > 0 &&
      html`<div class="scrolls" tabindex="0" role="region" aria-label="the plan">
        <table>
          <tbody>
            ${rows.map(
              ({ kind, whom, because }, index) =>
                html`<tr key=${index}>
                  <th scope="row">${kind}</th>
                  <td>${whom}</td>
                  <td>${because}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`
    }`;
}

const Services = ({ view }) =>
  html`<section class="services" aria-label="services and tasks">
    <h2>Services</h2>
    ${!view.swarmAsked && html`<p class="quiet">Not known: skep keeps no tasks, and this page asks no node.</p>`}
    ${view.swarmAsked && view.services.length === 0 && html`<p class="quiet">The swarm has no services.</p>`}
    ${
      view.services.length > 0 &&
      html`<table>
        <thead>
          <tr>
            <th scope="col">service</th>
            <th scope="col">wanted</th>
            <th scope="col">running</th>
          </tr>
        </thead>
        <tbody>
          ${view.services.map(
            ({ name, wanted, running }) =>
              html`<tr key=${name} class=${wanted === running ? '' : 'open'}>
                <th scope="row">${name}</th>
                <td>${wanted}</td>
                <td>${running}</td>
              </tr>`,
          )}
        </tbody>
      </table>`
    }
    ${
      view.loose.length > 0 &&
      html`<h3>Tasks without a node</h3>
        <${Tasks} tasks=${view.loose} asked=${true} />`
    }
  </section>`;

render(html`<${App} />`, document.getElementById('page'));
