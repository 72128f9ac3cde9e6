// The route of an action whose event arrived after its deadline: nobody has worked on it, and its hook ends now.
import type { NodeRole } from '../names.ts';

interface LateAction {
  readonly kind: 'launch' | 'terminate';
  readonly role: NodeRole;
  /** Of its node; undefined where nothing is on record. */
  readonly phase: string | undefined;
  /** It may be a node of the swarm. */
  readonly mayBeIn: boolean;
}

interface LateRoute {
  readonly route: 'complete' | 'retain' | 'force';
  readonly because: string;
}

export function lateRoute({ kind, role, phase, mayBeIn }: LateAction): LateRoute {
  const isDone = kind === 'launch' ? phase === 'ready' || phase === 'gone' : phase === 'gone' || !mayBeIn;
  if (isDone) {
    return { route: 'complete', because: 'the tidy compares' };
  }
  // It goes into service outside the swarm, until a tidy joins it: that is no success, and somebody is told.
  if (kind === 'launch') {
    return { route: 'force', because: 'nobody made a node of it' };
  }
  // Whether a manager is out of the raft is not known, and CONTINUE would end its instance. A worker goes undrained, and that is told.
  return { route: role === 'manager' ? 'retain' : 'force', because: 'nobody has removed its node' };
}
