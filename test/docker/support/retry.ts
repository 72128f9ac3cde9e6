// Real engines keep real time: on a host that was busy for a moment, one may be later than its test allows. What fails is tried once
// more at the end of its file, and both the failure and the retry are printed, so that a test that often needs it is seen.
import { jest } from '@jest/globals';

jest.retryTimes(1, { logErrorsBeforeRetry: true });
