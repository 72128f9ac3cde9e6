// The fence against stand-ins of systemctl that answer as systemd 252 was seen and is documented to: what is not known to be off is not
// fenced. There is no systemd on these machines.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Bench, initParameters, instance } from './support/bench.ts';

/** Real unit states, by unit; stopping the service while its socket listens brings it back, since the next request starts it. */
const STAND_IN = `#!/bin/sh
say() { cat "/run/units/$1" 2>/dev/null; }
set_to() { echo "$2" >"/run/units/$1"; }
echo "$1 $2" >>/run/units/asked
case $1 in
disable) if [ "$(say enabled-$2)" != static ]; then set_to "enabled-$2" disabled; fi ;;
mask)
  if [ -e "/run/units/in-etc-$2" ]; then
    echo "Failed to mask unit, file \\"/etc/systemd/system/$2\\" already exists." >&2
    exit 1
  fi
  set_to "enabled-$2" masked
  ;;
stop)
  if [ "$2" = docker.service ] && [ "$(say active-docker.socket)" = active ]; then exit 0; fi
  if [ "$2" = docker.service ]; then
    touch /run/lab/engine-down
    kill "$(cat /run/lab/engine.pid)" 2>/dev/null
    while kill -0 "$(cat /run/lab/engine.pid)" 2>/dev/null; do sleep 0.1; done
  fi
  if [ ! -e "/run/units/stubborn-$2" ]; then set_to "active-$2" inactive; fi
  ;;
is-active) if [ -e /run/units/no-bus ]; then exit 1; fi; say "active-$2"; [ "$(say active-$2)" = active ] || exit 3 ;;
is-enabled) say "enabled-$2"; [ "$(say enabled-$2)" = enabled ] || exit 1 ;;
esac
`;

describe('a fence', () => {
  const bench = new Bench();
  const on = instance(1);
  const shell = async (line: string): Promise<string> => (await bench.machines.shell(on, line)).trim();
  /** The units as they are on a machine that has booted, but for `change`; and the engine runs. */
  const units = async (change = ':'): Promise<void> => {
    await shell('rm -rf /run/units /var/lib/skep; mkdir /run/units');
    await shell(
      `cd /run/units; for u in docker.socket docker.service; do echo active >active-$u; echo enabled >enabled-$u; done; ${change}`,
    );
    await bench.machines.startEngine(on);
  };
  const fence = { instanceId: on };
  const runs = async (): Promise<string> => shell('pgrep -x dockerd >/dev/null && echo yes || echo no');

  beforeAll(async () => {
    await bench.machines.open();
    await bench.launch(on);
    await bench.ok(on, 'init', initParameters(on));
    await shell(`cat >/usr/bin/systemctl <<'END'\n${STAND_IN}END`);
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('stops the socket before the service, and masks both, so that nothing starts Docker again', async () => {
    await units();
    expect(await bench.ok(on, 'fence', fence)).toEqual({ fenced: true });
    expect(await shell('cat /run/units/enabled-*')).toBe('masked\nmasked');
    expect(await shell('grep stop /run/units/asked')).toBe('stop docker.socket\nstop docker.service');
    expect(await runs()).toBe('no');
    expect(await bench.ok(on, 'fence', fence)).toEqual({ fenced: true });
  });

  it('takes disabled, where systemd does not mask a unit whose file lies in /etc', async () => {
    await units('touch in-etc-docker.service');
    expect(await bench.ok(on, 'fence', fence)).toEqual({ fenced: true });
    expect(await shell('cat /run/units/enabled-docker.service')).toBe('disabled');
  });

  it.each([
    [
      'a unit that others may pull in and that cannot be masked',
      'touch in-etc-docker.service; echo static >enabled-docker.service',
    ],
    [
      'a service that systemd is about to start again',
      'touch stubborn-docker.service; echo activating >active-docker.service',
    ],
    ['a systemctl that cannot ask systemd', 'touch no-bus'],
  ])('is none: %s', async (_what, change) => {
    await units(change);
    expect(await bench.failure(on, 'fence', fence, { executionTimeout: 24 })).toBe('NotFenced');
  });

  it.each(['epoch', 'recovering'])('leaves an engine alone that was recovered since (%s)', async (file) => {
    await units();
    await shell(`mkdir -p /var/lib/skep; echo 1 >/var/lib/skep/${file}`);
    expect(await bench.failure(on, 'fence', fence)).toBe('OtherEpoch');
    expect([await runs(), await shell('cat /var/lib/skep/' + file)]).toEqual(['yes', '1']);
  });
});
