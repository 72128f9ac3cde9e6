// What `skep adopt` can find, and whether it then goes on. A finding that stops would cost somebody a node, a task or the swarm later.

interface FindingRow {
  /** Nothing is changed while it is there. */
  readonly stops: boolean;
  /** What a person does about it. */
  readonly remedy: string;
}

const stops = (remedy: string): FindingRow => ({ stops: true, remedy });
const warns = (remedy: string): FindingRow => ({ stops: false, remedy });

export const FINDINGS = {
  GroupUnknown: stops('look at its name, and at the region'),
  GroupOfAnother: stops('a group is in one cluster only: release it there first'),
  OtherStage: stops('take the hooks of the other stage away first'),
  NotSettled: stops('wait until the group has what it wants, and run it again'),
  InstanceOff: stops('start it, or end it and let its group launch another'),
  NoProfile: stops('give the instances a role: docs/security.md says with what'),
  ManagerRoleLacks: stops(
    'give the role what docs/security.md says: without it no manager can publish the join tokens',
  ),
  AgentMissing: stops('install the SSM agent, give its role AmazonSSMManagedInstanceCore, and see that it reaches SSM'),
  NoAnswer: stops('look at the error, which docs/errors.md explains'),
  NoLeader: stops('name the groups of the managers too, and see that a majority of them is up'),
  OtherSwarm: stops('name only groups whose instances are in this swarm, or none'),
  OtherEpoch: stops('it missed a recovery of the swarm: end its instance, and its group launches another'),
  NotTheCertificate: stops('its engine is not the node that it says it is: an image with a copied swarm folder?'),
  NotTheAddress: stops('the node must use the private address of its instance: let it leave and join again with it'),
  SameNode: stops('two engines have one identity: end the one whose image was copied'),
  WrongRole: stops('skep changes the role of no node for that: move the instance to a group of its role'),
  NodeNotReady: stops('bring the node up, or end its instance and remove the node'),
  LabelOfAnother: stops('remove the label skep.instance from the node, if nobody else keeps it'),
  Autolock: stops('`docker swarm update --autolock=false`: skep has no key to let a manager in after a restart'),
  ManagerCurlTooOld: stops('install curl 7.86 or later on the managers: they sign what they publish with it'),
  FoundedAlready: stops('the cluster has another swarm: take another name'),
  FoundingUnderWay: stops('an instance is founding a swarm for this cluster: end it first, or take another name'),
  NotInSwarm: warns('the next tidy joins it as a new node'),
  RoleLacks: warns('give the role what docs/security.md says: new instances cannot join without it'),
  NoWay: warns('give the subnet a NAT gateway, or the VPC endpoints of ssm and ssmmessages with private DNS'),
  NotLookedAt: warns('nobody knows how this is: get the right that is named, and check again'),
  CurlTooOld: warns('put curl 7.86 or later into the image: new instances cannot join without it'),
  HopLimit: warns('set the hop limit of instance metadata to 1: containers can read the role of the node'),
  LoadBalancerChecks: warns(
    'set the health check type of manager groups to EC2: a load balancer must not end managers',
  ),
  Suspended: warns('resume the processes: the group does not do what skep waits for'),
  ForeignHook: warns('each instance waits for that hook too: see that somebody completes it'),
  UserDataJoins: warns(
    'take that out of the launch template: skep joins what the group launches, and rotates the tokens',
  ),
  EvenManagers: warns('have 3 or 5 managers: an even number bears the loss of no more than one less does'),
  EngineUntested: warns('skep was tested with Docker 20.10 to 29'),
  PortsClosed: warns(
    'let the nodes reach each other there: tcp 2377 of managers, tcp and udp 7946, udp of the overlay',
  ),
  PoolOverlaps: warns('some addresses of the VPC cannot be reached from containers: a new swarm is the only cure'),
  NodeOutside: warns('skep never touches a node that is in none of the named groups'),
  TerminatesFirst: warns('set the maintenance policy of manager groups to 100/200, so that a replacement comes first'),
} as const satisfies Record<string, FindingRow>;

export type FindingName = keyof typeof FINDINGS;

export interface AdoptFinding {
  readonly name: FindingName;
  /** A group, an instance, a node, or the cluster. */
  readonly about: string;
  readonly because: string;
}

export const isStop = ({ name }: AdoptFinding): boolean => FINDINGS[name].stops;

export const finding = (name: FindingName, about: string, because: string): AdoptFinding => ({ name, about, because });
