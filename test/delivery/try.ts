import fc from 'fast-check';
import { engineOf } from './engine';
import { runStream, streamCase } from './stream';
import { runQueue, queueCase } from './queue';
import { runWatch, watchCase } from './watch';
Math.random = () => 0.5;
const F1 = { file: "x", from: "", to: "" };
let engine: ReturnType<typeof engineOf>;
try { engine = engineOf(); } catch (e) { console.log(String(e)); engine = engineOf(); }
async function main() {
if (process.env.CASE) { const c = JSON.parse(require('fs').readFileSync(process.env.CASE, 'utf8'), (k, v) => (k === 'pageSize' && v === null ? Infinity : v)); process.env.DEBUG='1'; await runStream(engine, c); return; }
const t = performance.now();
const r = await fc.check(process.env.W ? fc.asyncProperty(watchCase, (c) => runWatch(engine, c)) as never : process.env.Q ? fc.asyncProperty(queueCase, (c) => runQueue(engine, c)) as never : fc.asyncProperty(streamCase, (c) => runStream(engine, c)) as never, { numRuns: Number(process.argv[2] ?? 1000), seed: process.argv[3] === undefined ? undefined : Number(process.argv[3]), path: process.argv[4], endOnFailure: false });
console.log(r.numRuns, 'runs', r.numShrinks, 'shrinks', (performance.now() - t) / r.numRuns, 'ms each');
if (r.failed) { require('fs').writeFileSync('/tmp/case.json', JSON.stringify((r.counterexample as unknown[])[0])); console.log(r.seed, r.counterexamplePath, JSON.stringify(r.counterexample, null, 1)); console.log(r.errorInstance); process.exitCode = 1; }
}
void main();
