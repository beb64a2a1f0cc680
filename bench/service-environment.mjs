/**
 * The environment that a service manager gives a service, more or less: that of whoever measures, without what the shell says to
 * programs of Node. More certificates to read at every start, for one, would count as time of the agent.
 */
const isForNode = (name) => name.startsWith('NODE_');

/** The variables, for a program that is started here. */
export const serviceEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForNode(name)));

/** A command that gives it to another one, wherever that is run. */
export const inServiceEnvironment = (command) => [
  'env',
  ...Object.keys(process.env)
    .filter(isForNode)
    .flatMap((name) => ['-u', name]),
  ...command,
];
