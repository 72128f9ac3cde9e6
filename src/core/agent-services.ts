// Which services of AWS an SSM agent calls: an instance that reaches these is heard of.

/** What every agent calls. */
export const AGENT_SERVICES = ['ssm', 'ssmmessages'] as const;

/** An agent before 3.3.40.0 calls this one as well. */
const OLD_AGENT_SERVICE = 'ec2messages';

/** For a person who looks for what is missing. */
export const AGENT_SERVICES_TEXT = `${AGENT_SERVICES.join(' and ')} (an SSM agent before 3.3.40.0 needs ${OLD_AGENT_SERVICE} as well)`;
