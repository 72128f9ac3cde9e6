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
    .addHelpText('after', '\nExample: skep completion bash >> ~/.bashrc\nExit codes: 0 it was printed, 1 wrong use.')
    .action((shell: string) => {
      const { parent } = command;
      const verbs = (parent?.createHelp().visibleCommands(parent) ?? []).map((one) => one.name());
      process.stdout.write(`${SCRIPTS[shell]?.(verbs.join(' ')) ?? ''}\n`);
    });
}
