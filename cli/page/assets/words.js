// Marks, times and other words of the page.

/** Each mark has a sign and a shape of its own: nothing is told by colour alone. */
export const MARKS = {
  ready: { sign: '●', word: 'ready' },
  joining: { sign: '◔', word: 'joining' },
  leaving: { sign: '↗', word: 'leaving' },
  paused: { sign: '‖', word: 'paused' },
  drained: { sign: '◇', word: 'drained' },
  down: { sign: '✕', word: 'down' },
  stray: { sign: '?', word: 'no instance' },
  alone: { sign: '∅', word: 'no node' },
};

export const LEVELS = {
  healthy: { sign: '✓', word: 'healthy' },
  changing: { sign: '…', word: 'changing' },
  degraded: { sign: '!', word: 'degraded' },
  critical: { sign: '✕', word: 'critical' },
  unknown: { sign: '?', word: 'unknown' },
};

export const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);

export function age(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) {
    return `${whole} s`;
  }
  return whole < 5400 ? `${Math.round(whole / 60)} min` : `${Math.round(whole / 3600)} h`;
}

/** The end of an id is what differs. */
export const short = (id) => (id.startsWith('i-') ? id.slice(-6) : id.slice(0, 6));

export const tasksText = (tasks) => {
  const counts = new Map();
  for (const { service, state } of tasks) {
    const name = state === 'running' ? service : `${service} (${state})`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
};

export const sentence = (one) => {
  const { word } = MARKS[one.mark];
  const what = one.differs ?? one.waitsFor ?? one.why;
  return `${one.id}, ${one.role} of ${one.group}, zone ${one.zone}: ${word}. ${what}. ${one.tasks.length} task(s)`;
};

export async function ask(path) {
  const response = await fetch(path);
  return told(response);
}

export async function act(body) {
  const headers = { 'content-type': 'application/json' };
  return told(await fetch('/act', { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function told(response) {
  const type = response.headers.get('content-type') ?? '';
  const body = type.startsWith('application/json') ? await response.json() : { problem: await response.text() };
  if (!response.ok) {
    throw new Error(body.problem);
  }
  return body;
}
