// Cuts a list into parts, since calls of AWS take so many at most.
/** As many lists of at most `size` elements as it takes, in the order in which they came. */
export const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
