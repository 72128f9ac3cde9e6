// Which folder may import which, and no cycle, not even by types: `npm run lint` holds both.
const never = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});
const only = (name, path, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path },
  to: { path: '^(src|functions|lab|cli|test|scripts|bench|resources)/', pathNot: allowed },
});
export default {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'Two files that need each other are one idea, or share one that neither of them holds.',
      from: {},
      to: { circular: true },
    },
    only('core-is-pure', '^src/core/', '^src/core/', 'Decisions use plain data only.'),
    {
      name: 'core-has-no-effects',
      severity: 'error',
      comment:
        "Time, randomness, files and networks are arguments, or somebody else's; a digest is a function of its text.",
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    only('src-uses-src', '^src/', '^src/', 'What is deployed knows nothing of the lab and the command.'),
    never(
      'adapters-know-no-flow',
      '^src/(aws|store|swarm)/',
      '^src/(coordination|steps|operations|lambda)/',
      'They are used, and use nothing above them.',
    ),
    never(
      'coordination-knows-no-flow',
      '^src/coordination/',
      '^src/(steps|operations|lambda)/',
      'It has what steps and operations share, and knows neither.',
    ),
    never('steps-know-no-operation', '^src/steps/', '^src/operations/', 'What both of them do is in src/coordination.'),
    never('operations-know-no-step', '^src/operations/', '^src/steps/', 'What both of them do is in src/coordination.'),
    never(
      'flow-knows-no-lambda',
      '^src/(steps|operations)/',
      '^src/lambda/',
      'What a function does is independent of how it is called.',
    ),
    only('functions-use-src', '^functions/', '^(functions|src)/', 'Functions are thin: they use src only.'),
    only('lab-uses-src', '^lab/', '^(lab|src)/', 'The lab plays AWS for whatever runs on it.'),
    never(
      'aws-knows-no-swarm',
      '^lab/aws/',
      '^lab/(swarm|scenario|console|agent)/',
      'The emulator of AWS knows instances, not what runs on them.',
    ),
    never(
      'swarm-knows-no-aws',
      '^lab/swarm/',
      '^lab/(aws|scenario|console)/',
      'The simulator of Swarm knows engines, not who pays for them.',
    ),
    never('nodes-know-no-scenario', '^lab/nodes/', '^lab/(aws|scenario|console)/', 'Nodes are what scenarios run on.'),
    only('cli-uses-src-and-lab', '^cli/', '^(cli|lab|src)/', 'The command uses src, and the lab for `skep lab`.'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
