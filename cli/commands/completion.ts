// `skep completion`: what a shell needs to complete the verbs. Options are told by `skep VERB --help`.
import { Argument } from 'commander';
import type { Command } from 'commander';

const SCRIPTS: Readonly<Record<string, (verbs: string) => string>> = {
  bash: (verbs) => `complete -W '${verbs}' skep`,
  zsh: (verbs) => `compdef '_arguments "1:verb:(${verbs})"' skep`,
  fish: (verbs) => `complete -c skep -n __fish_use_subcommand -f -a '${verbs}'`,
};

export function defineCompletion(command: Command): Command {
  return command
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', '\nExample: eval "$(skep completion bash)"')
    .action((shell: string) => {
      const verbs = command.parent?.commands.map((one) => one.name()) ?? [];
      process.stdout.write(`${SCRIPTS[shell]?.(verbs.join(' ')) ?? ''}\n`);
    });
}
