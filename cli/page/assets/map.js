// The map: a column for each zone, a row for each group, a cell for each instance; and the same as a table.
import { Component, html } from '/htm.js';

import { MARKS, sentence, short, tasksText } from '/words.js';

/** A cell is drawn anew only where its instance has changed: there may be thousands. */
class Cell extends Component {
  shouldComponentUpdate(next) {
    return next.one !== this.props.one || next.chosen !== this.props.chosen || next.dense !== this.props.dense;
  }

  render({ one, chosen, dense, choose }) {
    const { sign } = MARKS[one.mark];
    return html`<button
      type="button"
      class="cell ${one.mark} ${one.differs === null ? '' : 'differs'} ${chosen ? 'chosen' : ''}"
      aria-pressed=${chosen}
      title=${sentence(one)}
      data-instance=${one.id}
      onClick=${() => choose(one.id)}
    >
      <span class="sign" aria-hidden="true">${sign}</span>
      ${!dense && html`<span class="name">${short(one.id)}</span>`}
      ${!dense && html`<span class="count">${leads(one)}${one.tasks.length === 0 ? '' : one.tasks.length}</span>`}
      <span class="unseen">${sentence(one)}</span>
    </button>`;
  }
}

const leads = ({ swarm }) => (swarm !== null && swarm.reachability === 'leader' ? '★ ' : '');

function placed(view, shown) {
  const cells = new Map();
  for (const one of shown) {
    const key = `${one.group}\n${one.zone}`;
    const some = cells.get(key) ?? [];
    some.push(one);
    cells.set(key, some);
  }
  const known = view.groups.map(({ name }) => name);
  const others = [...new Set(shown.map(({ group }) => group))].filter((name) => !known.includes(name));
  return { cells, rows: [...known, ...others] };
}

export function Map_({ view, shown, chosen, dense, choose, scale, may }) {
  const { cells, rows } = placed(view, shown);
  const zones = view.zones.length === 0 ? ['-'] : view.zones;
  return html`<div
    class="map"
    style=${{ gridTemplateColumns: `minmax(10rem, 14rem) repeat(${zones.length}, minmax(8rem, 1fr))` }}
  >
    <div class="corner">group</div>
    ${zones.map((zone) => html`<div class="zone" key=${zone}>${zone === '-' ? 'no zone' : zone}</div>`)}
    ${rows.map(
      (name) =>
        html`<${GroupHead}
            key=${`head ${name}`}
            name=${name}
            group=${view.groups.find((one) => one.name === name)}
            scale=${scale}
            may=${may}
          />
          ${zones.map(
            (zone) =>
              html`<div class="place" key=${`${name} ${zone}`}>
                ${(cells.get(`${name}\n${zone}`) ?? []).map(
                  (one) =>
                    html`<${Cell}
                      key=${one.id}
                      one=${one}
                      chosen=${chosen === one.id}
                      dense=${dense}
                      choose=${choose}
                    />`,
                )}
              </div>`,
          )}`,
    )}
  </div>`;
}

function GroupHead({ name, group, scale, may }) {
  if (group === undefined) {
    return html`<div class="group"><strong>${name === '-' ? 'in no group' : name}</strong></div>`;
  }
  const { role, desired, inService, ready } = group;
  const settled = desired === inService && desired === ready;
  return html`<div class="group ${settled ? '' : 'open'}">
    <strong>${name}</strong><span class="role">${role}</span>
    <span class="figures" title="wanted, in service for AWS, ready in the swarm"
      >${desired} wanted · ${inService} in service · ${ready} ready</span
    >
    ${
      may &&
      html`<span class="scale">
        <button
          type="button"
          aria-label=${`one less in ${name}`}
          disabled=${desired === 0}
          onClick=${() => scale(name, desired - 1)}
        >
          −
        </button>
        <button type="button" aria-label=${`one more in ${name}`} onClick=${() => scale(name, desired + 1)}>+</button>
      </span>`
    }
  </div>`;
}

class Row extends Component {
  shouldComponentUpdate(next) {
    return next.one !== this.props.one || next.chosen !== this.props.chosen;
  }

  render({ one, chosen, choose }) {
    const { sign, word } = MARKS[one.mark];
    return html`<tr class=${chosen ? 'chosen' : ''}>
      <th scope="row">
        <button type="button" class="link" onClick=${() => choose(one.id)}>${one.id}</button>
      </th>
      <td>${one.group}</td>
      <td>${one.zone}</td>
      <td>${one.role}</td>
      <td>${one.lifecycle}</td>
      <td>${one.ec2}</td>
      <td>${one.phase}</td>
      <td>${one.swarm === null ? '–' : `${one.swarm.status}, ${one.swarm.availability}`}</td>
      <td class=${`mark ${one.mark}`}><span aria-hidden="true">${sign}</span> ${word}</td>
      <td>${tasksText(one.tasks)}</td>
      <td class="why">${one.differs ?? one.waitsFor ?? one.why}</td>
    </tr>`;
  }
}

const HEAD = ['instance', 'group', 'zone', 'role', 'Auto Scaling', 'EC2', 'skep', 'swarm', 'node', 'tasks', 'why'];

export const Table = ({ shown, chosen, choose }) =>
  html`<div class="scrolls" tabindex="0" role="region" aria-label="all instances">
    <table>
      <thead>
        <tr>
          ${HEAD.map((one) => html`<th scope="col" key=${one}>${one}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${shown.map((one) => html`<${Row} key=${one.id} one=${one} chosen=${chosen === one.id} choose=${choose} />`)}
      </tbody>
    </table>
  </div>`;

export const Legend = () =>
  html`<ul class="legend" aria-label="what the marks mean">
    ${Object.entries(MARKS).map(
      ([mark, { sign, word }]) =>
        html`<li key=${mark}><span class=${`swatch ${mark}`} aria-hidden="true">${sign}</span>${word}</li>`,
    )}
    <li><span class="swatch differs" aria-hidden="true">≠</span>AWS and the swarm differ</li>
    <li><span aria-hidden="true">★</span> leads the swarm</li>
  </ul>`;
