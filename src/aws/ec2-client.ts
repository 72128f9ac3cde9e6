// The client of EC2, apart from the others: it is three times their size, and most functions and commands do without it.
import { EC2Client } from '@aws-sdk/client-ec2';

import { noCalls } from './call-logger.ts';
import { laidOut } from './laid-out.ts';
import { bounded } from './within-time.ts';

export const ec2Client = (): EC2Client => bounded(laidOut(new EC2Client({ logger: noCalls })));
