// The timeline of what was wanted and what was there, and the graph of a state machine with the way of one execution through it.
import { html } from '/htm.js';

import { age, clock } from '/words.js';

const WIDTH = 640;
const HEIGHT = 130;
const LEFT = 28;
const BOTTOM = 18;

const LINES = [
  { name: 'desired', word: 'wanted' },
  { name: 'inService', word: 'in service' },
  { name: 'ready', word: 'ready' },
];

function stepPath(points, name, x, y) {
  return points
    .map((point, index) => {
      const at = `${x(point.at).toFixed(1)} ${y(point[name]).toFixed(1)}`;
      return index === 0 ? `M${at}` : `H${x(point.at).toFixed(1)} V${y(point[name]).toFixed(1)}`;
    })
    .join(' ');
}

export function Timeline({ points }) {
  const first = points[0]?.at ?? 0;
  const last = Math.max(points.at(-1)?.at ?? 1, first + 30);
  const top = Math.max(1, ...points.flatMap(({ desired, inService, ready }) => [desired, inService, ready])) + 1;
  const x = (at) => LEFT + ((at - first) / (last - first)) * (WIDTH - LEFT - 8);
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - 8);
  const now = points.at(-1);
  const words = now === undefined ? '' : `${now.desired} wanted, ${now.inService} in service, ${now.ready} ready`;
  return html`<figure class="timeline">
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`over ${age(last - first)}; now ${words}`}>
      ${[0, Math.ceil(top / 2), top].map(
        (value) =>
          html`<g class="grid" key=${value}>
            <line x1=${LEFT} x2=${WIDTH - 8} y1=${y(value)} y2=${y(value)} />
            <text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${value}</text>
          </g>`,
      )}
      ${LINES.map(({ name }) => html`<path key=${name} class=${`line ${name}`} d=${stepPath(points, name, x, y)} />`)}
      <text class="time" x=${LEFT} y=${HEIGHT - 4}>${clock(first)}</text>
      <text class="time" x=${WIDTH - 8} y=${HEIGHT - 4} text-anchor="end">${clock(last)}</text>
    </svg>
    <figcaption>
      ${LINES.map(({ name, word }) => html`<span key=${name} class=${`key ${name}`}>${word}</span>`)}
      <span class="now">${words}</span>
    </figcaption>
  </figure>`;
}

/** What has not been reached is pale, what was passed is filled, where it is now has a thick frame. */
export function Machine({ picture, path, running }) {
  const times = new Map();
  for (const { state } of path) {
    times.set(state, (times.get(state) ?? 0) + 1);
  }
  const now = running ? path.at(-1)?.state : undefined;
  const steps = new Set(path.slice(1).map((visit, index) => `${path[index].state} ${visit.state}`));
  return html`<div class="scrolls graph" tabindex="0" role="region" aria-label="graph of the state machine">
    <svg
      width=${picture.width}
      height=${picture.height}
      viewBox=${`0 0 ${picture.width} ${picture.height}`}
      role="img"
      aria-label=${`the way so far: ${path.map(({ state }) => state).join(', ')}`}
    >
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 L8 4 L0 8 z" />
        </marker>
      </defs>
      ${picture.edges.map(({ from, to, caught, points }) => {
        const d = points
          .map((at, index) => `${index === 0 ? 'M' : 'L'}${at.x.toFixed(0)} ${at.y.toFixed(0)}`)
          .join(' ');
        const taken = steps.has(`${from} ${to}`);
        return html`<path
          key=${`${from} ${to}`}
          class=${`edge ${caught ? 'caught' : ''} ${taken ? 'taken' : ''}`}
          d=${d}
          marker-end="url(#tip)"
        />`;
      })}
      ${picture.states.map(({ name, x, y, width, height }) => {
        const count = times.get(name) ?? 0;
        const kind = name === now ? 'now' : count > 0 ? 'passed' : 'ahead';
        return html`<g key=${name} class=${`state ${kind}`} transform=${`translate(${x} ${y})`}>
          <rect x=${-width / 2} y=${-height / 2} width=${width} height=${height} rx="5" />
          <text text-anchor="middle" y="4">${name}${count > 1 ? ` ×${count}` : ''}</text>
        </g>`;
      })}
    </svg>
  </div>`;
}

export const Path = ({ path, now }) =>
  html`<table class="path">
    <thead>
      <tr>
        <th scope="col">state</th>
        <th scope="col">entered</th>
        <th scope="col">for</th>
      </tr>
    </thead>
    <tbody>
      ${path.map(
        ({ state, at, left }, index) =>
          html`<tr key=${index}>
            <th scope="row">${state}</th>
            <td>${clock(at)}</td>
            <td>${left === null ? `${age(now - at)} so far` : `${(left - at).toFixed(1)} s`}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
