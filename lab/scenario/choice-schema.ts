// Of the scenario format: which instance of a group a step is about.
import { z } from 'zod';

/** The instance that a step is about: the leader, or one that runs a task of a service, if it is in the group; else the oldest instance. */
export const choice = { group: z.string(), leader: z.boolean().default(false), running: z.string().exactOptional() };
