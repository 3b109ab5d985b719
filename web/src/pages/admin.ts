/** The pages of the Admin section: a part of the script that comes when one of them is opened. */
export { Definitions } from './definitions';
export { Policies } from './policies';
export { Settings } from './settings';
export { Tokens } from './tokens';
export { User } from './user';
export { Users } from './users';
export { Vhost } from './vhost';
export { Vhosts } from './vhosts';
