// What EC2 takes in the filters of one call.

/** AWS: at most so many values per filter. */
export const FILTER_VALUES = 200;
