// Every event that skep knows, by its file.
import type { EventUnit } from './event.ts';
import { healthEvent } from './health.ts';
import { launchAction } from './launch-action.ts';
import { rebalanceRecommendation } from './rebalance-recommendation.ts';
import { spotInterruption } from './spot-interruption.ts';
import { terminateAction } from './terminate-action.ts';

export const EVENTS: readonly EventUnit[] = [
  launchAction,
  terminateAction,
  spotInterruption,
  healthEvent,
  rebalanceRecommendation,
];
