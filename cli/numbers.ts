// Numbers on the command line.
import { InvalidArgumentError } from 'commander';

const MOST_PORTS = 65_535;

export function integer(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('a whole number is wanted.');
  }
  return value;
}

export function portNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > MOST_PORTS) {
    throw new InvalidArgumentError(`a port is a number up to ${MOST_PORTS}.`);
  }
  return value;
}

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`a whole number from ${least} to ${most} is wanted.`);
    }
    return value;
  };
