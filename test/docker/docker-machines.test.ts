import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { DockerMachines } from '../../lab/nodes/docker/docker-machines.ts';
import type { DocumentRun } from '../../lab/nodes/machines.ts';
import { Bench, instance, until } from './support/bench.ts';
import { host, NOTHING, Traces } from './support/traces.ts';
import { bootScript } from './support/user-data.ts';

const LAB_TO_KILL = fileURLToPath(new URL('support/lab-to-kill.ts', import.meta.url));
const script = (text: string, more: Partial<DocumentRun> = {}): DocumentRun => ({
  verb: 'inspect',
  script: text,
  parameters: {},
  timeoutSeconds: 20,
  ...more,
});

describe('docker machines', () => {
  const bench = new Bench();
  const { machines } = bench;
  const [one, two] = [instance(1), instance(2)];

  beforeAll(async () => {
    await machines.open();
    await Promise.all([bench.launch(one), bench.launch(two)]);
  });

  afterAll(async () => {
    await machines.close();
  });

  it('run a script as the agent does: as root, with parameters and endpoint in its environment', async () => {
    const text = 'id -u; hostname; echo "$SSM_a" "$AWS_ENDPOINT_URL_SSM" "$PATH"; echo no >&2; exit 7';
    expect(await machines.run(one, script(text, { parameters: { a: "it's $(one)" } }))).toEqual({
      exitCode: 7,
      stdout: "0\nip-10-77-0-11\nit's $(one) http://10.77.0.1:4566 /usr/sbin:/usr/bin:/sbin:/bin\n",
      stderr: 'no\n',
      timedOut: false,
      cancelled: false,
    });
  });

  it('keep more of what a script prints than an agent does, but not without end', async () => {
    const text = 'i=0; while [ $i -lt 3000 ]; do echo 0123456789; echo 0123456789 >&2; i=$((i + 1)); done';
    const { stdout, stderr } = await machines.run(one, script(text));
    expect([stdout.length, stderr.length]).toEqual([30_000, 30_000]);
  });

  it('end a script that takes longer than it may, with all that it started', async () => {
    const outcome = await machines.run(one, script('echo begun; sleep 77 & sleep 77', { timeoutSeconds: 1 }));
    expect(outcome).toEqual({ exitCode: -1, stdout: 'begun\n', stderr: '', timedOut: true, cancelled: false });
    expect(await machines.shell(one, 'pgrep -f "sleep 7[7]" || echo none')).toBe('none\n');
  });

  it('tell metadata which of them asks, and reach AWS, but not the world', async () => {
    const put = 'curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token';
    const asked = await Promise.all([one, two].map((instanceId) => machines.run(instanceId, script(put))));
    expect(asked.map(({ stdout }) => stdout)).toEqual([`imds-${one}`, `imds-${two}`]);
    const unsigned = await machines.run(two, script('curl -s -d "{}" "$AWS_ENDPOINT_URL_SSM"'));
    expect(unsigned.stdout).toContain('IncompleteSignatureException');
    const world = await machines.run(two, script('curl -s --connect-timeout 1 http://192.0.2.1/ || echo unreachable'));
    expect(world.stdout).toBe('unreachable\n');
  });

  it('reach each other, until a cable is cut', async () => {
    const ping = script(`curl -s --connect-timeout 1 telnet://10.77.0.12:1 </dev/null; echo $?`);
    // 7: refused, so somebody is there. 28: nobody answered.
    expect((await machines.run(one, ping)).stdout).toBe('7\n');
    await machines.cut(two);
    expect((await machines.run(one, ping)).stdout).toBe('28\n');
    await machines.heal(two);
    expect((await machines.run(one, ping)).stdout).toBe('7\n');
  });

  it('write to a disk of their own', async () => {
    await machines.shell(one, 'echo one >/etc/skep-test; echo one >/var/lib/docker/skep-test');
    expect(await machines.shell(two, 'ls /etc/skep-test /var/lib/docker/skep-test 2>/dev/null || echo none')).toBe(
      'none\n',
    );
  });

  it('have the image of the tasks as soon as docker answers, and no docker before its user data ran', async () => {
    const late = instance(3);
    await bench.launch(late, 1500);
    const look = 'command -v docker || echo missing; cloud-init status';
    expect(await machines.shell(late, look)).toBe('missing\nstatus: running\n');
    const first = 'until docker info >/dev/null 2>&1; do sleep 0.05; done; docker images --format "{{.Repository}}"';
    expect(await machines.shell(late, `cloud-init status --wait; ${first}`)).toBe('status: done\nskep/idle\n');
  });

  it('start docker again when it dies, as systemd does', async () => {
    const pid = 'until docker info >/dev/null 2>&1; do sleep 0.1; done; cat /run/docker.pid';
    const before = await machines.shell(one, pid);
    await machines.shell(one, 'kill -9 "$(cat /run/docker.pid)"');
    await until(
      () => machines.shell(one, pid),
      (now) => now !== before,
    );
  });

  it('keep docker down when the lab has killed it, until the lab starts it', async () => {
    await machines.killEngine(one);
    await machines.shell(one, 'sleep 2');
    const down = await machines.docker(one, ['node', 'ls']);
    expect(down).toMatchObject({ exitCode: 1, timedOut: false });
    expect(down.stderr).toContain('Cannot connect to the Docker daemon');
    await machines.startEngine(one);
    const info = await machines.docker(one, ['info', '--format', '{{.Name}}']);
    expect(info).toMatchObject({ exitCode: 0, stdout: 'ip-10-77-0-11\n', stderr: '', timedOut: false });
  });

  it('say of a docker command that hangs what timeout says', async () => {
    const events = await machines.docker(one, ['events'], 1);
    expect(events).toMatchObject({ exitCode: 124, stdout: '', stderr: '', timedOut: true });
  });

  it('begin with the swarm folder of another one, where the image has it, under a name of their own', async () => {
    const clone = instance(5);
    await machines.docker(two, ['swarm', 'init', '--advertise-addr', 'eth0']);
    await machines.launch({ instanceId: clone, zone: 'a', dockerAfter: 0, swarmFolderOf: two });
    const node =
      'until docker info >/dev/null 2>&1; do sleep 0.1; done; docker info --format "{{.Swarm.NodeID}} {{.Name}}"';
    const [origin, copy] = await Promise.all([machines.shell(two, node), machines.shell(clone, node)]);
    expect(copy).toBe(origin.replace('ip-10-77-0-12', 'ip-10-77-0-14'));
    await machines.terminate(clone);
    await machines.docker(two, ['swarm', 'leave', '--force']);
  });

  const APT = 'apt-get --quiet --quiet --option DPkg::Lock::Timeout=300 update';
  const INSTALL = [
    'apt-get --quiet --quiet --yes --no-install-recommends --option DPkg::Lock::Timeout=300',
    'install docker.io apparmor ca-certificates curl openssl util-linux',
  ].join(' ');
  const S3 = 'https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/latest/debian_arm64/amazon-ssm-agent.deb';
  it.each([
    ['amzn', 'amazon-ssm-agent', ['dnf --quiet --assumeyes install docker amazon-ssm-agent']],
    ['ubuntu', 'snap.amazon-ssm-agent.amazon-ssm-agent', [APT, 'sleep 5', APT, INSTALL]],
    [
      'debian',
      'amazon-ssm-agent',
      [APT, 'sleep 5', APT, INSTALL, `curl ${S3}`, 'dpkg --install --force-confold /run/amazon-ssm-agent.deb'],
    ],
  ])('run the commands of a group’s user data on %s', async (id, agent, installs) => {
    const own = '#!/bin/sh\necho "own script" >>/run/lab/noted\n';
    const { exitCode, stdout, stderr } = await machines.run(two, script(bootScript(id, 'manager', own)));
    const noted = stdout.trim().split('\n');
    expect({ exitCode, stderr, noted: noted.filter((line) => !line.startsWith('systemctl cat')) }).toEqual({
      ...{ exitCode: 0, stderr: '' },
      noted: [
        ...installs,
        'systemctl daemon-reload',
        'systemctl enable --now docker.service skep-prune.timer',
        `systemctl show --property=ActiveEnterTimestamp --value ${agent}.service`,
        // Its settings are younger than it.
        `systemctl restart ${agent}.service`,
        `systemctl enable --now ${agent}.service`,
        'own script',
      ],
    });
  });

  it('have a Docker then that takes its settings, and the command that prunes images, and never a volume', async () => {
    await machines.killEngine(two);
    await machines.startEngine(two);
    const made = '{ docker volume create kept && docker network create one; } >/dev/null';
    const settings = await machines.shell(
      two,
      `${made} && docker info --format '{{.LoggingDriver}}' && docker network inspect one --format '{{(index .IPAM.Config 0).Subnet}}'`,
    );
    expect(settings).toMatch(/^local\n172\.17\.\d+\.0\/20\n$/);
    const prune = `$(sed -n 's/^ExecStart=//p' /etc/systemd/system/skep-prune.service)`;
    expect(await machines.shell(two, `${prune} >/dev/null && docker volume ls --quiet`)).toBe('kept\n');
  });

  it('end a script with the machine under it, and forget the machine', async () => {
    const gone = instance(4);
    await bench.launch(gone);
    const running = machines.run(gone, script('sleep 60'));
    await machines.shell(gone, 'until pgrep sleep >/dev/null; do sleep 0.05; done');
    await machines.terminate(gone);
    expect(await running).toMatchObject({ exitCode: -1, timedOut: false });
    await machines.terminate(gone);
    await expect(machines.run(gone, script('true'))).rejects.toThrow(`there is no machine ${gone}`);
    await expect(machines.launch({ instanceId: one, zone: 'a', dockerAfter: 0 })).rejects.toThrow('already');
  });
});

describe('what docker machines leave behind', () => {
  it('is nothing, of two labs at once with the same addresses and running containers', async () => {
    const [traces, before] = [new Traces(process.pid), host()];
    const labs = [new Bench(), new Bench()];
    await Promise.all(
      labs.map(async (lab) => {
        await lab.machines.open();
        await Promise.all([lab.launch(instance(1)), lab.launch(instance(2))]);
        await lab.machines.shell(instance(1), 'until docker run -d skep/idle:1 sleep 1000; do sleep 0.1; done');
      }),
    );
    expect(labs.map((lab) => lab.aws.addresses.size)).toEqual([2, 2]);
    const running = traces.look();
    expect(running.processes.filter((line) => line.startsWith('sleep 1000'))).toHaveLength(2);
    expect(running.cgroups.length).toBeGreaterThanOrEqual(2);
    expect(running.folders).toHaveLength(2);
    expect(host()).toBe(before);
    await Promise.all(labs.map((lab) => lab.machines.close()));
    await labs[0]?.machines.close();
    expect(traces.look()).toEqual(NOTHING);
    expect(host()).toBe(before);
  });

  it('is nothing when the lab closes while a machine starts, or before it has opened', async () => {
    const traces = new Traces(process.pid);
    const lab = new Bench();
    await lab.machines.open();
    const launches = Promise.allSettled([lab.launch(instance(1)), lab.launch(instance(2), 60_000)]);
    await lab.machines.close();
    await launches;
    await expect(lab.launch(instance(3))).rejects.toThrow('closed');
    await new DockerMachines(lab.aws).close();
    expect(traces.look()).toEqual(NOTHING);
  });

  it('is nothing that runs when the lab is killed, and the next lab sweeps the rest', async () => {
    const before = host();
    const lab = spawn(process.execPath, [LAB_TO_KILL], { stdio: ['ignore', 'pipe', 'inherit'] });
    const traces = new Traces(lab.pid ?? 0);
    await once(lab.stdout, 'data');
    expect(traces.look().processes.length).toBeGreaterThan(10);
    lab.kill('SIGKILL');
    await once(lab, 'exit');
    const left = await until(
      () => Promise.resolve(traces.look()),
      ({ processes }) => processes.length === 0,
    );
    expect(left.folders).toHaveLength(1);
    expect(host()).toBe(before);
    const next = new Bench();
    await next.machines.open();
    await next.machines.close();
    expect(traces.look()).toEqual(NOTHING);
  });
});
