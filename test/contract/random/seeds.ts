// Which sequences are played: `17`, `1-200`, `3,17,40-45`.

/** @throws where the text is none of these */
export function readSeeds(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (from === '' || Number(to) < Number(from)) {
      throw new Error(`seeds are given as 17, 1-200 or 3,17,40-45, not as ${text}`);
    }
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index);
  });
}
