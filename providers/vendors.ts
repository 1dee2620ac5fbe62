/** Every vendor that Fleetwire speaks to, a line each: all else is made from it by `npm run generate`. */
export { vendor as ctrack } from './ctrack/vendor';
export { vendor as trackceo } from './protrack/trackceo';
export { vendor as etrack } from './protrack/etrack';
export { vendor as protrack365 } from './protrack/protrack365';
export { vendor as itracksense } from './itracksense/vendor';
export { vendor as trackgps } from './trackgps/vendor';
