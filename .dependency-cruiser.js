// Which folder may import which, and no cycle, not even by types: `npm run lint` holds both.
const only = (name, path, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path },
  to: { path: '^(src|functions|lab|cli|test|scripts|bench)/', pathNot: allowed },
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
    only('src-uses-src', '^src/', '^src/', 'What is deployed knows nothing of the lab and the command.'),
    only('functions-use-src', '^functions/', '^(functions|src)/', 'Functions are thin: they use src only.'),
    only('lab-uses-src', '^lab/', '^(lab|src)/', 'The lab plays AWS for whatever runs on it.'),
    only('cli-uses-src-and-lab', '^cli/', '^(cli|lab|src)/', 'The command uses src, and the lab for `skep lab`.'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
